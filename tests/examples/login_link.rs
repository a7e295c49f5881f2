//! The example `login_link`.

use crate::process::run;

#[test]
fn a_link_logs_one_application_in_and_only_once() {
    let said = run("login_link");
    let (mail, rest) = said.split_once('\n').unwrap();
    assert!(mail.starts_with("mail to alice: open https://app.example/login#link_token="), "{said}");
    let expected = "another application: 400 Bad Request\nfirst redemption: 200 OK\nlogged in: alice\n\
                    second redemption: 400 Bad Request invalid_grant\n";
    assert_eq!(rest, expected);
    let again = run("login_link");
    assert_ne!(again.split_once('\n').unwrap().0, mail, "every link is another one");
}
