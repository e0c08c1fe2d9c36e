//! The certificate with which answers are served: the operator's, or one that is made for this machine alone.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use crate::cli::Serve;
use crate::failure::Failure;
use crate::files;
use crate::limits::PEM_BYTES;

/// Folder of the certificate that was made for this machine, below the instance.
const FOLDER: &str = "keys/tls";

/// A certificate, its key, and where clients find what to trust.
pub struct Certificate {
    /// PEM.
    pub certificate: String,
    /// PEM.
    pub key: String,
    /// The file that clients are told to trust.
    pub path: PathBuf,
}

/// The operator's certificate; without one, that of this instance, made when it is first needed.
pub fn of(dir: &Path, args: &Serve) -> Result<Certificate, Failure> {
    if let (Some(certificate), Some(key)) = (&args.cert, &args.key) {
        return Ok(Certificate {
            certificate: read(certificate)?,
            key: read(key)?,
            path: certificate.clone(),
        });
    }
    let folder = dir.join(FOLDER);
    // one for each address, so that a changed address is not served with a certificate for another
    let name = args.host.to_string().replace(':', "-");
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    if !certificate.is_file() || !key.is_file() {
        files::make_dir(&folder)?;
        let (made, secret) =
            make(args.host).map_err(|e| Failure::fault("making a certificate", e))?;
        files::write_secret(&key, secret.as_bytes())?;
        files::write_durably(&certificate, made.as_bytes())?;
    }
    Ok(Certificate {
        certificate: read(&certificate)?,
        key: read(&key)?,
        path: certificate,
    })
}

/// A certificate for one address and `localhost`, signed by its own key.
fn make(host: IpAddr) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(host));
    params
        .distinguished_name
        .push(DnType::CommonName, "Reading Room");
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn read(path: &Path) -> Result<String, Failure> {
    let size = std::fs::metadata(path)
        .map_err(|e| files::io("reading", path, e))?
        .len();
    if size > PEM_BYTES {
        return Err(files::io(
            "reading",
            path,
            format!("expected at most {PEM_BYTES} bytes, found {size}"),
        ));
    }
    std::fs::read_to_string(path).map_err(|e| files::io("reading", path, e))
}
