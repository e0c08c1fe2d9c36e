//! Vectors of transparency-dev/merkle, transparency-dev/tessera, FiloSottile/sunlight and C2SP.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use transparency::proof::{
    prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
    verify_subtree_consistency, verify_subtree_inclusion,
};
use transparency::{
    Checkpoint, Hash, LogReader, MemoryReader, Note, Tile, TileNodes, TileWriter, TlogProof,
    VerifierKey, leaf_hash, verify_log,
};

/// The folder of vectors beside the project, or a line that says that `test` was skipped.
fn vectors(test: &str) -> Option<PathBuf> {
    let data = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/vectors"
    ));
    if data.is_dir() {
        return Some(data);
    }
    // Straight to standard error: the harness keeps what a passing test prints to itself.
    std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("skipped: {test}: ../shared/data is absent\n").as_bytes(),
    )
    .unwrap();
    None
}

fn base64(text: &Value) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD
        .decode(text.as_str().unwrap())
        .unwrap()
}

#[test]
fn every_merkle_vector_comes_out_as_published() {
    let Some(folder) = vectors("every_merkle_vector_comes_out_as_published") else {
        return;
    };
    let mut counts = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("merkle-vectors.jsonl"))
        .unwrap()
        .lines()
    {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["case"].as_str().unwrap();
        let number = |key: &str| case[key].as_u64().unwrap();
        let hash = |key: &str| base64(&case[key]);
        let proof: Vec<Vec<u8>> = case["proof"]
            .as_array()
            .map(|list| list.iter().map(base64).collect())
            .unwrap_or_default();
        let kind = name.split('/').next().unwrap();
        let outcome = match kind {
            "inclusion" => verify_inclusion(
                number("leafIdx"),
                number("treeSize"),
                &hash("leafHash"),
                &proof,
                &hash("root"),
            ),
            "consistency" => verify_consistency(
                number("size1"),
                number("size2"),
                &hash("root1"),
                &hash("root2"),
                &proof,
            ),
            "subtreeinclusion" => verify_subtree_inclusion(
                number("leafIdx"),
                number("start"),
                number("end"),
                &hash("leafHash"),
                &proof,
                &hash("root"),
            ),
            "subtreeconsistency" => verify_subtree_consistency(
                number("start"),
                number("end"),
                number("size"),
                &hash("root1"),
                &hash("root2"),
                &proof,
            ),
            other => panic!("unknown kind of case {other}"),
        };
        assert_eq!(
            outcome.is_err(),
            case["wantErr"].as_bool().unwrap(),
            "{name}: {outcome:?}"
        );
        *counts.entry(kind.to_owned()).or_insert(0) += 1;
    }
    assert_eq!((counts["inclusion"], counts["consistency"]), (98, 98));
    assert_eq!(
        counts["subtreeinclusion"] + counts["subtreeconsistency"],
        322
    );
}

/// A folder as a log.
fn load(folder: PathBuf) -> MemoryReader {
    fn walk(folder: &std::path::Path, prefix: &str, reader: &mut MemoryReader) {
        for item in std::fs::read_dir(folder).unwrap() {
            let item = item.unwrap();
            let path = format!("{prefix}{}", item.file_name().to_str().unwrap());
            if item.file_type().unwrap().is_dir() {
                walk(&item.path(), &format!("{path}/"), reader);
            } else {
                reader.insert(&path, std::fs::read(item.path()).unwrap());
            }
        }
    }
    let mut reader = MemoryReader::default();
    walk(&folder, "", &mut reader);
    reader
}

fn tessera_key(folder: &std::path::Path, which: &str) -> String {
    let keys = std::fs::read_to_string(folder.join("tessera-log.keys")).unwrap();
    keys.lines()
        .find_map(|line| line.strip_prefix(which))
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn the_golden_log_of_tessera_is_sound_at_every_size() {
    let Some(folder) = vectors("the_golden_log_of_tessera_is_sound_at_every_size") else {
        return;
    };
    let vkey = tessera_key(&folder, "log ");
    let golden = load(folder.join("tessera-log"));
    let mut writer = TileWriter::new();
    for size in 0..=15_u64 {
        let checkpoint = golden.read(&format!("checkpoint.{size}")).unwrap().unwrap();
        let key = VerifierKey::parse(&vkey).unwrap();
        let (head, _) = Checkpoint::open(&checkpoint, &key, &[]).unwrap();
        assert_eq!((head.size, head.root), (size, writer.root()));
        // The log as it was at this size: that checkpoint and the files of that and earlier sizes.
        let mut then = MemoryReader::default();
        for path in golden.list().unwrap().unwrap() {
            if Tile::parse(&path).is_some_and(|tile| tile.width <= size) {
                then.insert(&path, golden.read(&path).unwrap().unwrap());
            }
        }
        then.insert("checkpoint", checkpoint);
        let mut seen = 0;
        let report = verify_log(&then, Some(&vkey), &mut |index, _| {
            assert_eq!(index, seen);
            seen += 1;
            Ok(())
        });
        assert_eq!((report.findings, seen), (vec![], size), "size {size}");
        // This crate's writer makes the same bytes.
        if size < 15 {
            let all = golden.read("tile/entries/000.p/15").unwrap().unwrap();
            let entries = transparency::tiles::read_bundle(&all, 15).unwrap();
            writer
                .push(entries[usize::try_from(size).unwrap()].1)
                .unwrap();
            for file in writer.take_files() {
                assert_eq!(
                    golden.read(&file.tile.path()).unwrap().unwrap(),
                    file.bytes,
                    "{}",
                    file.tile
                );
            }
        }
    }
}

#[test]
fn the_checkpoints_of_tessera_are_consistent_with_each_other() {
    let Some(folder) = vectors("the_checkpoints_of_tessera_are_consistent_with_each_other") else {
        return;
    };
    let golden = load(folder.join("tessera-log"));
    let root = |size: u64| {
        let bytes = golden.read(&format!("checkpoint.{size}")).unwrap().unwrap();
        Checkpoint::parse_text(Note::parse(&bytes).unwrap().text())
            .unwrap()
            .root
            .0
    };
    for new in 1..=15 {
        let nodes = TileNodes::new(&golden, new);
        for old in 1..=new {
            let proof = prove_consistency(&nodes, old, new).unwrap();
            verify_consistency(old, new, &root(old), &root(new), &proof).unwrap();
            assert!(verify_consistency(old, new, &root(old), &root(new - 1), &proof).is_err());
        }
    }
}

#[test]
fn the_cosigned_checkpoint_and_its_proof_verify() {
    let Some(folder) = vectors("the_cosigned_checkpoint_and_its_proof_verify") else {
        return;
    };
    let log = VerifierKey::parse(&tessera_key(&folder, "log ")).unwrap();
    let witness = [VerifierKey::parse(&tessera_key(&folder, "witness ")).unwrap()];
    let cosigned = std::fs::read(folder.join("tessera-log.checkpoint.cosigned")).unwrap();
    let (head, signatures) = Checkpoint::open(&cosigned, &log, &witness).unwrap();
    assert_eq!((head.size, signatures.len()), (15, 2));
    assert!(signatures[1].time.is_some());

    let bytes = std::fs::read(folder.join("tessera-log.index6.tlog-proof")).unwrap();
    let proof = TlogProof::parse(&bytes).unwrap();
    assert_eq!(proof.to_string().into_bytes(), bytes);
    let golden = load(folder.join("tessera-log"));
    let all = golden.read("tile/entries/000.p/15").unwrap().unwrap();
    let entries = transparency::tiles::read_bundle(&all, 15).unwrap();
    proof.verify(entries[6].1, &log, &witness, 1).unwrap();
    assert!(
        proof.verify(entries[5].1, &log, &witness, 1).is_err(),
        "another entry"
    );
    assert!(
        proof.verify(entries[6].1, &log, &[], 1).is_err(),
        "no witness known"
    );
    // The same file comes out of the tiles.
    let mine = TlogProof::prove(&golden, &cosigned, &log, 6, entries[6].1).unwrap();
    assert_eq!(mine.to_string().into_bytes(), bytes);
    // No byte of it can change: here with the witness required.
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let outcome = TlogProof::parse(&changed)
            .and_then(|proof| proof.verify(entries[6].1, &log, &witness, 1));
        assert!(outcome.is_err(), "byte {at}");
    }
}

#[test]
fn the_proof_files_that_must_not_parse_do_not() {
    let Some(folder) = vectors("the_proof_files_that_must_not_parse_do_not") else {
        return;
    };
    let name = "witness-policy-and-proof-parse-cases.json";
    let cases: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
    let cases = cases["tlog_proof_must_fail_to_parse"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    // Each case again with a real checkpoint behind it, so that only the named fault remains.
    let real = std::fs::read_to_string(folder.join("tessera-log/checkpoint")).unwrap();
    for case in cases {
        let text = case["text"].as_str().unwrap();
        assert!(
            TlogProof::parse(text.as_bytes()).is_err(),
            "{}",
            case["name"]
        );
        let text = text.replace("\ncheckpoint\n", &format!("\n{real}"));
        assert!(
            TlogProof::parse(text.as_bytes()).is_err(),
            "{}",
            case["name"]
        );
    }
    let sound = format!("c2sp.org/tlog-proof@v1\nextra AQ==\nindex 0\n\n{real}");
    assert_eq!(
        TlogProof::parse(sound.as_bytes()).unwrap().to_string(),
        sound
    );
}

#[test]
fn the_cosignatures_of_a_sunlight_mirror_and_witness_verify() {
    let Some(folder) = vectors("the_cosignatures_of_a_sunlight_mirror_and_witness_verify") else {
        return;
    };
    let folder = folder.join("sunlight-mirror");
    let key = |file: &str| {
        let json: Value =
            serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        VerifierKey::parse(json["verifier_keys"][0].as_str().unwrap()).unwrap()
    };
    for (file, keys) in [
        ("checkpoint", "mirror.v0.json"),
        ("witnessed.checkpoint", "witness.v0.json"),
    ] {
        let note = Note::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap();
        let good = note.verify(&[key(keys)]).unwrap();
        assert_eq!(good.len(), 1, "{file}");
        assert!(good[0].time.is_some());
        let head = Checkpoint::parse_text(note.text()).unwrap();
        assert_eq!(
            (head.origin.as_str(), head.size),
            ("rome2026h1.example.org", 300)
        );
    }
    // Its tiles lead to the root that the mirror cosigned.
    let mirror = load(folder.clone());
    let head = mirror.read("checkpoint").unwrap().unwrap();
    let head = Checkpoint::parse_text(Note::parse(&head).unwrap().text()).unwrap();
    let tile = |path: &str| mirror.read(path).unwrap().unwrap();
    let mut leaves = transparency::tiles::read_hashes(&tile("tile/0/000"), 256).unwrap();
    assert_eq!(
        tile("tile/1/000.p/1"),
        transparency::hash::root_of(&leaves).0
    );
    leaves.extend(transparency::tiles::read_hashes(&tile("tile/0/001.p/44"), 44).unwrap());
    assert_eq!(transparency::hash::root_of(&leaves), head.root);
    let nodes = TileNodes::new(&mirror, 300);
    for index in [0, 1, 127, 255, 256, 299] {
        let path = prove_inclusion(&nodes, index, 300).unwrap();
        let leaf: &Hash = &leaves[usize::try_from(index).unwrap()];
        verify_inclusion(index, 300, &leaf.0, &path, &head.root.0).unwrap();
    }
}

#[test]
fn the_examples_printed_in_the_specifications() {
    let Some(folder) = vectors("the_examples_printed_in_the_specifications") else {
        return;
    };
    let bytes = std::fs::read(folder.join("c2sp-examples.json")).unwrap();
    let examples: Value = serde_json::from_slice(&bytes).unwrap();
    let text = |key: &str| examples[key].as_str().unwrap();
    let signed = &examples["signed_note"];
    let key = VerifierKey::parse(signed["vkey"].as_str().unwrap()).unwrap();
    Note::parse(signed["note"].as_str().unwrap().as_bytes())
        .unwrap()
        .verify(&[key])
        .unwrap();
    for example in [
        "signed_note_illustrative_quasimodo",
        "checkpoint_illustrative",
        "cosigned_checkpoint_illustrative",
    ] {
        let note = Note::parse(text(example).as_bytes()).unwrap();
        assert_eq!(note.to_string(), text(example));
    }
    let cosigned = Note::parse(text("cosigned_checkpoint_illustrative").as_bytes()).unwrap();
    let message = text("ed25519_cosignature_message");
    assert_eq!(
        message.strip_prefix("cosignature/v1\ntime 1679315147\n"),
        Some(cosigned.text())
    );
    assert_eq!(
        &cosigned.signatures()[1].signature[..8],
        &1_679_315_147_u64.to_be_bytes()
    );
    for (index, path) in examples["tile_paths"].as_object().unwrap() {
        let tile = Tile::parse(&format!("tile/0/{}", path.as_str().unwrap())).unwrap();
        assert_eq!(
            (tile.index.to_string(), tile.is_full()),
            (index.clone(), true)
        );
    }
    assert!(
        TlogProof::parse(text("tlog_proof_illustrative_elided").as_bytes()).is_err(),
        "elided signatures"
    );
}

/// Offline: the seven-leaf example of RFC 6962 section 2.1.3 and C2SP merkle-tree, by structure.
#[test]
fn the_proofs_of_the_seven_leaf_tree() {
    let leaves: Vec<Hash> = (0..7_u8).map(|n| leaf_hash(&[b'd', n])).collect();
    let [a, b, c, d, e, f, g] = leaves[..] else {
        panic!("seven leaves")
    };
    let node = transparency::node_hash;
    let (h, i, j) = (node(&a, &b), node(&c, &d), node(&e, &f));
    let (k, l) = (node(&h, &i), node(&j, &g));
    let inclusion = |index| prove_inclusion(&leaves[..], index, 7).unwrap();
    assert_eq!(inclusion(0), [b, i, l]);
    assert_eq!(inclusion(3), [c, h, l]);
    assert_eq!(inclusion(4), [f, g, k]);
    assert_eq!(inclusion(6), [j, k]);
    let consistency = |old| prove_consistency(&leaves[..], old, 7).unwrap();
    assert_eq!(consistency(3), [c, d, h, l]);
    assert_eq!(consistency(4), [l]);
    assert_eq!(consistency(6), [j, g, k]);
    assert_eq!(consistency(7), []);
    assert!(prove_consistency(&leaves[..], 0, 7).is_err());
}
