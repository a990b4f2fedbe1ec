//! The golden paths that come with Karat.

use karat_source::Memory;

/// Path, bytes and whether it is a program, of every file below `paths/`.
static FILES: &[(&str, &[u8], bool)] = &include!(concat!(env!("OUT_DIR"), "/paths.rs"));

/// The world that holds them: `paths/<name>/template.yaml` and what belongs to it.
pub fn builtin() -> Memory {
    let mut world: Memory = FILES.iter().map(|(path, bytes, _)| (*path, *bytes)).collect();
    for (path, _, executable) in FILES {
        if *executable {
            world.mark_executable(*path);
        }
    }
    world
}
