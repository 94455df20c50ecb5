//! Tests of `file`.

use super::*;

fn open(path: &Path) -> Result<File, EstateError> {
    File::open(path, |_| Ok(()))
}

#[test]
fn a_new_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("estate.sqlite");
    let _file = open(&path).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }
}

#[test]
fn what_is_no_estate_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let says = |name: &str| {
        let path = folder.path().join(name);
        let text = open(&path).err().unwrap().to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    std::fs::write(folder.path().join("noise"), "x".repeat(9000)).unwrap();
    assert!(says("noise").contains("damaged"));
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(says("folder").contains("can't be made or opened"));
    let other = Connection::open(folder.path().join("other")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(says("other").contains("no estate"));
    let newer = Connection::open(folder.path().join("newer")).unwrap();
    newer.pragma_update(None, "user_version", 2).unwrap();
    assert!(says("newer").contains("newer twinscope"));
}

#[test]
fn a_file_that_was_deleted_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("estate.sqlite");
    let mut file = open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let halt = file.write(|_| Ok(())).unwrap_err();
    assert!(file.sentence(&halt).contains("deleted or replaced"));
}

#[test]
fn failing_to_furnish_it_leaves_it_to_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("estate.sqlite");
    assert!(File::open(&path, |_| Err(Halt::Said("no".into()))).is_err());
    let mut found = false;
    File::open(&path, |_| {
        found = true;
        Ok(())
    })
    .unwrap();
    assert!(found);
}
