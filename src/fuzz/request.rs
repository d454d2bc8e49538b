//! Requests, through every layer from the router to a database.

use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, HeaderValue, Method, Uri};
use poem::{Endpoint, Request, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::chat::{Chat, ChatParts, Signup, new_account};
use crate::config::{Auth, Http, Limits};
use crate::http::Counts;
use crate::http::problem::CONTENT_TYPE;
use crate::model::{Actor, Clock, NewAuditEntry, NewRoom, Role, RoomId, Timestamp, UserId};
use crate::realtime::{Hub, HubConfig};
use crate::server;
use crate::storage::{self, Backend, OpenOptions, Store, StoreConfig};
use crate::ws::Sockets;

const PASSWORD: &str = "correct horse";

/// The server but for its listener, with a database of its own.
pub struct Api {
    runtime: Runtime,
    endpoint: BoxEndpoint<'static, Response>,
    chat: Chat,
    backend: Arc<dyn Backend>,
    auth: Auth,
    /// What makes the names of accounts and rooms different.
    made: AtomicU64,
    world: Mutex<World>,
    owner: UserId,
    _folder: TempDir,
}

/// What a request can name: tokens that are good and a room that exists.
#[derive(Default)]
struct World {
    admin: String,
    user: String,
    room: Option<RoomId>,
}

impl Api {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite://{}", folder.path().join("chat.db").display());
        let options = OpenOptions { create: true, ..OpenOptions::default() };
        let backend = storage::open(&url, options).unwrap();
        backend.migrate().unwrap();
        let facts = backend.get_server_facts().unwrap();
        let (hub, _) = Hub::start(HubConfig {
            epoch: facts.epoch.as_str().into(),
            clock: Clock::System,
            ping_seconds: 30,
            stall_seconds: 30,
            expiry_notice_seconds: 60,
        })
        .unwrap();
        let sizes = StoreConfig { read_threads: 1, read_queue: 8, write_queue: 8 };
        let publisher = hub.clone();
        let (store, _) =
            Store::start(backend.clone(), sizes, move |outcomes| publisher.committed(outcomes))
                .unwrap();
        let auth = Auth {
            bcrypt_cost: 4,
            login_failures_per_account: 0,
            login_failures_per_address: 0,
            ..Auth::default()
        };
        let limits = Limits {
            sends_per_second: 0,
            joins_per_second: 0,
            signups_per_hour: 0,
            ..Limits::default()
        };
        let parts = ChatParts {
            store,
            hub: hub.clone(),
            clock: Clock::System,
            auth: auth.clone(),
            limits,
            facts,
            secret: vec![0; 32],
        };
        let chat = Chat::new(parts).unwrap();
        let tasks = TaskTracker::new();
        let sockets = Sockets { chat: chat.clone(), hub, tasks, allowed_origins: [].into() };
        let endpoint =
            server::endpoint(chat.clone(), sockets, Counts::new(chat.metrics()), &Http::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let owner = create_user(&*backend, &auth, "owner", Role::Admin);
        let (made, world) = (AtomicU64::new(0), Mutex::default());
        Self { runtime, endpoint, chat, backend, auth, made, world, owner, _folder: folder }
    }

    /// `METHOD /path?query`, a header a line, an empty line and the body. `$admin` and `$user` stand
    /// for tokens, `$room` for a room.
    ///
    /// No answer is an error of the server (5xx), and an error is a problem document.
    pub fn request(&self, input: &[u8]) {
        let Some(request) = self.world().request(input) else { return };
        let method = request.method().clone();
        let (parts, body) = self.runtime.block_on(self.endpoint.get_response(request)).into_parts();
        let body = self.runtime.block_on(body.into_vec()).expect("a body can be read");
        let status = parts.status;
        assert!(status.as_u16() < 500, "{status}: {}", String::from_utf8_lossy(&body));
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let kind = header("content-type").unwrap_or_default();
        if kind.starts_with("application/json") && method != Method::HEAD {
            serde_json::from_slice::<Value>(&body).expect("JSON");
        }
        if status.as_u16() < 400 {
            return;
        }
        assert_eq!(kind, CONTENT_TYPE);
        let problem: Value = serde_json::from_slice(&body).expect("a problem document is JSON");
        assert_eq!(problem["status"], status.as_u16());
        assert_eq!(problem["request_id"].as_str(), header("x-request-id"));
        for member in ["code", "detail", "title"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
    }

    /// The world, put right after what the requests before have done to it.
    fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |token: &str| self.runtime.block_on(self.chat.authenticate(token)).is_ok();
        if !is_good(&world.admin) {
            world.admin = self.token(Role::Admin);
        }
        if !is_good(&world.user) {
            world.user = self.token(Role::User);
        }
        let room = world.room.and_then(|id| self.backend.get_room(id).unwrap());
        if room.is_none() {
            world.room = Some(self.room());
        }
        world
    }

    fn token(&self, role: Role) -> String {
        let username = self.unused(role.as_str());
        create_user(&*self.backend, &self.auth, &username, role);
        let address = Ipv4Addr::UNSPECIFIED.into();
        let login = self.chat.login(username, PASSWORD.to_owned(), address);
        self.runtime.block_on(login).unwrap().token
    }

    fn room(&self) -> RoomId {
        let (name, created_at) = (self.unused("room"), Timestamp(0));
        let actor = Actor::Operator("fuzz".to_owned());
        let entry = NewAuditEntry {
            timestamp: created_at,
            actor,
            action: "room.create",
            detail: json!({}),
        };
        let room = NewRoom { name, description: None, created_by: self.owner, created_at };
        self.backend.create_room(&room, &entry).unwrap().id
    }

    fn unused(&self, name: &str) -> String {
        format!("{name}-of-ours-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }
}

impl World {
    fn request(&self, input: &[u8]) -> Option<Request> {
        let split = input.windows(2).position(|window| window == b"\n\n");
        let (head, body) = split.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 2..]));
        let head = std::str::from_utf8(head).ok()?;
        let room = self.room?.to_string();
        let head = head.replace("$admin", &self.admin).replace("$user", &self.user);
        let head = head.replace("$room", &room);
        let mut lines = head.lines();
        let (method, uri) = lines.next()?.split_once(' ')?;
        let mut request =
            Request::builder().method(Method::from_str(method).ok()?).uri(Uri::from_str(uri).ok()?);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_str(name).ok()?;
            request = request.header(name, HeaderValue::from_str(value.trim()).ok()?);
        }
        Some(request.body(body.to_vec()))
    }
}

fn create_user(backend: &dyn Backend, auth: &Auth, username: &str, role: Role) -> UserId {
    let (username, email) = (username.to_owned(), format!("{username}@example.com"));
    let signup = Signup { username, email, password: PASSWORD.to_owned(), role };
    backend.create_user(&new_account(signup, auth, Timestamp(0)).unwrap(), None).unwrap().id
}
