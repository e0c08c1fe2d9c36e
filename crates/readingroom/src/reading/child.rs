//! The child: confines itself, then reads one file after the other until there are no more.

use std::collections::BTreeMap;
use std::io::{self, BufReader, BufWriter, Read, Write};

use airlock::Reading;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use super::{put, take};
use crate::limits;

/// The whole life of a child.
///
/// # Errors
/// It cannot be confined, or the parent is gone.
pub fn run(input: impl Read, output: impl Write) -> io::Result<()> {
    confine()?;
    let (mut input, mut output) = (BufReader::new(input), BufWriter::new(output));
    while let Some(bytes) = take(&mut input)? {
        let reading = Reading::of(&bytes);
        let said = postcard::to_stdvec(&reading).map_err(io::Error::other)?;
        put(&mut output, &said)?;
    }
    Ok(())
}

/// Limits that the kernel keeps, whatever a library does: memory, processor time, no file written or opened, no core dump, an
/// end with the parent's end; and a filter of system calls.
fn confine() -> io::Result<()> {
    let set = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit)
    };
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // If memory runs out all the same, this process goes first. Best effort: not every system has the file.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    set(Resource::As, limits::READER_SPACE)?;
    set(Resource::Cpu, limits::READER_CPU_SECONDS)?;
    set(Resource::Core, 0)?;
    set(Resource::Fsize, 0)?;
    // Standard input, output and error are open already.
    set(Resource::Nofile, 3)?;
    filter()
}

/// What no reader has to do: open or make files, start programs, speak to others. Such a call fails; it does not end the process.
const FORBIDDEN: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_kill,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_mount,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_keyctl,
    libc::SYS_add_key,
];

fn filter() -> io::Result<()> {
    let Ok(machine) = std::env::consts::ARCH.try_into() else {
        // A processor that the filter does not know: the limits alone.
        return Ok(());
    };
    let rules: BTreeMap<i64, Vec<_>> = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let program: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, refused, machine)
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}
