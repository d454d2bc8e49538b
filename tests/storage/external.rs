//! The accounts of a product.

use chatapp::model::{
    ExternalIdentity, ExternalSignIn, ExternalSignedIn, NewAccount, NewUser, Role, SessionId,
    SessionTerms, User, UserId,
};
use chatapp::storage::{Backend, Conflict, Error};

use crate::harness::{
    NOW, TestDatabase, active, audit, audit_at, new_user, on_threads, role, session, user,
};

fn identity(subject: &str) -> ExternalIdentity {
    ExternalIdentity { issuer: "shop".to_owned(), subject: subject.to_owned() }
}

fn terms(id: u128) -> SessionTerms {
    let expires_at = NOW.plus_seconds(60);
    SessionTerms { id: SessionId(id), created_at: NOW, expires_at, is_bounded: false }
}

/// A sign-in of a person, who would like to be called the same as the subject.
fn sign_in(subject: &str, id: u128) -> ExternalSignIn {
    ExternalSignIn {
        identity: identity(subject),
        usernames: vec![subject.to_owned(), format!("{subject}-2"), format!("{subject}-3")],
        email: None,
        email_placeholder: format!("no-email-{subject}"),
        display_name: None,
        is_disabled: None,
        session: terms(id),
    }
}

fn opened(backend: &dyn Backend, sign_in: &ExternalSignIn) -> (User, bool, bool) {
    match backend.sign_in_external(sign_in).unwrap() {
        ExternalSignedIn::Open { user, is_new, is_renamed } => (user, is_new, is_renamed),
        ExternalSignedIn::Deactivated => panic!("the account is deactivated"),
    }
}

fn is_open(backend: &dyn Backend, id: u128) -> bool {
    let session = backend.get_session(SessionId(id)).unwrap();
    session.is_some_and(|session| session.revoked_at.is_none())
}

pub fn a_person_is_found_again_by_issuer_and_subject(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, is_new, _) = opened(&*backend, &sign_in("ann", 1));
    assert!(is_new);
    assert_eq!((&*ann.username, &*ann.email), ("ann", "no-email-ann"));
    assert_eq!((ann.role, ann.is_active, ann.created_at), (Role::User, true, NOW));
    let (again, is_new, is_renamed) = opened(&*backend, &sign_in("ann", 2));
    assert_eq!((again, is_new, is_renamed), (ann.clone(), false, false));
    assert_eq!(backend.get_external_account(&identity("ann")).unwrap(), Some(ann.id));
    assert_eq!(backend.get_external_identity(ann.id).unwrap(), Some(identity("ann")));
    // Neither case nor another issuer is the same person.
    let others = [("shop", "Ann"), ("Shop", "ann"), ("shop", "ann ")];
    for (number, (issuer, subject)) in others.into_iter().enumerate() {
        let other = ExternalIdentity { issuer: issuer.into(), subject: subject.into() };
        assert_eq!(backend.get_external_account(&other).unwrap(), None);
        let mut sign_in = sign_in("ann", 3);
        sign_in.identity = other;
        sign_in.email_placeholder = format!("no-email-{number}");
        sign_in.usernames.push(format!("somebody-{number}"));
        let (user, is_new, _) = opened(&*backend, &sign_in);
        assert!(is_new && user.id != ann.id);
    }
    assert_eq!(backend.get_external_account(&identity("a\0")).unwrap(), None);
    assert_eq!(backend.get_external_identity(UserId(77)).unwrap(), None);
    let bo = user(&*backend, "bo");
    assert_eq!(backend.get_external_identity(bo.id).unwrap(), None);
    // No password opens the account.
    let credentials = backend.get_credentials("ann").unwrap().unwrap();
    assert_eq!(credentials.password_hash, "");
}

pub fn a_taken_name_or_email_is_never_taken_over(db: &TestDatabase) {
    let backend = db.backend();
    let own = user(&*backend, "Ann");
    user(&*backend, "ann-2");
    let email = Some(own.email.to_uppercase());
    let (ann, is_new, _) =
        opened(&*backend, &ExternalSignIn { email: email.clone(), ..sign_in("ann", 1) });
    assert!(is_new && ann.id != own.id);
    assert_eq!((&*ann.username, &*ann.email), ("ann-3", "no-email-ann"));
    // Later the email is still another account's.
    let (ann, ..) = opened(&*backend, &ExternalSignIn { email, ..sign_in("ann", 2) });
    assert_eq!(ann.email, "no-email-ann");
    assert_eq!(backend.get_user(own.id).unwrap(), Some(own));
    let all_taken = ExternalSignIn { identity: identity("another"), ..sign_in("ann", 3) };
    let error = backend.sign_in_external(&all_taken).unwrap_err();
    assert!(matches!(error, Error::Conflict(Conflict::UsernameTaken)), "{error:?}");
}

pub fn the_account_follows_what_the_product_says(db: &TestDatabase) {
    let backend = db.backend();
    let with = |id, email: &str, name: &str| ExternalSignIn {
        email: Some(email.to_owned()),
        display_name: Some(name.into()),
        ..sign_in("ann", id)
    };
    let (ann, ..) = opened(&*backend, &with(1, "ann@shop.example", "Ann Lee"));
    assert_eq!(ann.email, "ann@shop.example");
    let name = || backend.list_cards(&[ann.id]).unwrap()[0].profile.display_name.clone();
    assert_eq!(name().as_deref(), Some("Ann Lee"));
    // A new account is not one that was renamed.
    assert!(backend.list_revoked(NOW).unwrap().renamed.is_empty());
    let (changed, is_new, is_renamed) = opened(&*backend, &with(2, "ANN@shop.example", "Ann May"));
    assert_eq!((&*changed.email, is_new, is_renamed), ("ANN@shop.example", false, true));
    assert_eq!(name().as_deref(), Some("Ann May"));
    assert_eq!(backend.list_revoked(NOW).unwrap().renamed.len(), 1);
    assert_eq!(backend.get_user(ann.id).unwrap(), Some(changed));
    // What is not said stays, and the username never changes.
    let other_name = ExternalSignIn { usernames: vec!["bo".into()], ..sign_in("ann", 3) };
    let (same, _, is_renamed) = opened(&*backend, &other_name);
    assert_eq!((&*same.email, &*same.username), ("ANN@shop.example", "ann"));
    assert!(!is_renamed && name().as_deref() == Some("Ann May"));
}

pub fn only_the_product_activates_what_the_product_has_deactivated(db: &TestDatabase) {
    let backend = db.backend();
    let disabled =
        |id, is_disabled| ExternalSignIn { is_disabled: Some(is_disabled), ..sign_in("ann", id) };
    let deactivated = |id, is_disabled| {
        backend.sign_in_external(&disabled(id, is_disabled)).unwrap()
            == ExternalSignedIn::Deactivated
    };
    // A person who may not sign in gets no account.
    assert!(deactivated(1, true));
    assert_eq!(backend.get_external_account(&identity("ann")).unwrap(), None);
    let (ann, ..) = opened(&*backend, &disabled(2, false));
    assert!(is_open(&*backend, 2));
    assert!(deactivated(3, true));
    assert!(!is_open(&*backend, 2) && !is_open(&*backend, 3));
    assert!(!backend.get_user(ann.id).unwrap().unwrap().is_active);
    // A token that says nothing about it changes nothing.
    assert_eq!(
        backend.sign_in_external(&sign_in("ann", 4)).unwrap(),
        ExternalSignedIn::Deactivated
    );
    assert!(!deactivated(5, false));
    assert!(backend.get_user(ann.id).unwrap().unwrap().is_active);

    backend.update_user(ann.id, active(false), &audit("x")).unwrap();
    assert!(deactivated(6, false), "an administrator has deactivated the account");
    assert!(deactivated(7, true) && deactivated(8, false));
    backend.update_user(ann.id, active(true), &audit("x")).unwrap();
    assert!(!deactivated(9, false));
}

pub fn the_last_admin_is_not_deactivated_by_a_product(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, ..) = opened(&*backend, &sign_in("ann", 1));
    backend.update_user(ann.id, role(Role::Admin), &audit("x")).unwrap();
    let (ann, ..) = opened(&*backend, &sign_in("ann", 2));
    let disabled = ExternalSignIn { is_disabled: Some(true), ..sign_in("ann", 3) };
    assert_eq!(backend.sign_in_external(&disabled).unwrap(), ExternalSignedIn::Deactivated);
    assert!(!is_open(&*backend, 2) && !is_open(&*backend, 3));
    assert!(backend.get_user(ann.id).unwrap().unwrap().is_active_admin());
    backend.create_user(&NewUser { role: Role::Admin, ..new_user("bo") }, None).unwrap();
    assert_eq!(backend.sign_in_external(&disabled).unwrap(), ExternalSignedIn::Deactivated);
    assert!(!backend.get_user(ann.id).unwrap().unwrap().is_active);
}

pub fn one_session_for_one_id_and_a_bounded_one_keeps_its_end(db: &TestDatabase) {
    let backend = db.backend();
    let bounded = ExternalSignIn {
        session: SessionTerms { is_bounded: true, ..terms(1) },
        ..sign_in("ann", 1)
    };
    let (ann, ..) = opened(&*backend, &bounded);
    let (_, is_new, _) = opened(&*backend, &bounded);
    assert!(!is_new);
    assert_eq!(backend.list_sessions(Some(ann.id), NOW, 10).unwrap().len(), 1);
    let end = |id| backend.get_session(SessionId(id)).unwrap().unwrap().expires_at;
    let (sooner, later) = (NOW.plus_seconds(30), NOW.plus_seconds(600));
    assert!(backend.extend_session(SessionId(1), later).unwrap());
    assert_eq!(end(1), NOW.plus_seconds(60));
    assert!(backend.extend_session(SessionId(1), sooner).unwrap());
    assert_eq!(end(1), sooner);
    opened(&*backend, &sign_in("ann", 2));
    assert!(backend.extend_session(SessionId(2), later).unwrap());
    assert_eq!(end(2), later);
    // A session that has ended is not opened again.
    assert!(backend.revoke_session(SessionId(1), NOW).unwrap());
    opened(&*backend, &bounded);
    assert!(!is_open(&*backend, 1));
}

pub fn sign_ins_at_once_create_one_account(db: &TestDatabase) {
    drop(db.backend());
    let handles = [db.open(), db.open(), db.open(), db.open()];
    for round in 0..10 {
        let subject = format!("ann{round}");
        let ids = on_threads(handles.len(), |thread| {
            let id = 100 * (round + 1) + thread as u128;
            opened(&*handles[thread], &sign_in(&subject, id)).0.id
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        // Other people, who want the same name, get one each.
        let names = on_threads(3, |thread| {
            let person = format!("{round} and {thread}");
            let other = ExternalSignIn {
                identity: identity(&person),
                email_placeholder: person.clone(),
                usernames: (0..5).map(|number| format!("bo{round}-{number}")).collect(),
                ..sign_in("bo", 1000 * (round + 1) + thread as u128)
            };
            opened(&*handles[thread], &other).0.username
        });
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), 3, "{names:?}");
    }
}

pub fn an_account_is_created_for_a_person_once(db: &TestDatabase) {
    let backend = db.backend();
    let account = |name: &str, subject: Option<&str>| NewAccount {
        user: NewUser {
            password_hash: String::new(),
            display_name: Some("Ann Lee".to_owned()),
            ..new_user(name)
        },
        identity: subject.map(identity),
        metadata: None,
    };
    let create = |account: &NewAccount| backend.create_account(account, &audit("create"));
    let ann = create(&account("ann", Some("42"))).unwrap();
    assert_eq!(
        backend.list_cards(&[ann.id]).unwrap()[0].profile.display_name.as_deref(),
        Some("Ann Lee")
    );
    let (found, is_new, _) = opened(&*backend, &sign_in("42", 1));
    assert_eq!((found, is_new), (ann, false));
    for (refused, conflict) in [
        (account("bo", Some("42")), Conflict::SubjectTaken),
        (account("ANN", Some("43")), Conflict::UsernameTaken),
    ] {
        let error = create(&refused).unwrap_err();
        assert!(matches!(error, Error::Conflict(it) if it == conflict), "{error:?}");
    }
    assert_eq!(backend.get_external_account(&identity("43")).unwrap(), None);
    create(&account("bo", None)).unwrap();
    assert_eq!(backend.list_audit(None, 10).unwrap().len(), 2);
}

pub fn a_deleted_account_forgets_its_person(db: &TestDatabase) {
    let backend = db.backend();
    let (ann, ..) = opened(&*backend, &sign_in("ann", 1));
    backend.delete_user(ann.id, &audit("delete")).unwrap().unwrap();
    assert_eq!(backend.get_external_account(&identity("ann")).unwrap(), None);
    assert_eq!(backend.get_external_identity(ann.id).unwrap(), None);
    assert_eq!(db.raw().count("external_accounts"), 0);
    // The person comes back as somebody new.
    let (again, is_new, _) = opened(&*backend, &sign_in("ann", 2));
    assert!(is_new && again.id != ann.id && again.username == "ann");
}

pub fn a_session_for_a_user_is_recorded(db: &TestDatabase) {
    let backend = db.backend();
    let ann = user(&*backend, "ann");
    session(&*backend, 1, &ann);
    let terms = |id| SessionTerms { is_bounded: true, ..terms(id) };
    let open = |id: UserId, session: u128| {
        backend.create_user_session(id, &terms(session), &audit_at("token", NOW)).unwrap()
    };
    assert_eq!(open(ann.id, 2), Some(ann.clone()));
    assert!(is_open(&*backend, 2));
    assert!(backend.extend_session(SessionId(2), NOW.plus_seconds(600)).unwrap());
    let stored = backend.get_session(SessionId(2)).unwrap().unwrap();
    assert_eq!((stored.user.id, stored.expires_at), (ann.id, NOW.plus_seconds(60)));
    for missing in [UserId(0), UserId(77)] {
        assert_eq!(open(missing, 3), None);
    }
    backend.update_user(ann.id, active(false), &audit("deactivate")).unwrap();
    assert!(open(ann.id, 4).is_some_and(|user| !user.is_active));
    assert!(!is_open(&*backend, 3) && !is_open(&*backend, 4));
    let actions: Vec<_> =
        backend.list_audit(None, 10).unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["deactivate", "token"]);
}
