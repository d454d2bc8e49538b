//! HTTP requests, through every layer from the router to a database.

use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, HeaderValue, Method, Uri};
use poem::{Endpoint, Request, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::chat::{Chat, ChatParts, Draft, Login, RoomDraft, Signup, new_account};
use crate::config::{Auth, Branding, Http, Limits, Rooms};
use crate::fleet::Fleet;
use crate::http::Counts;
use crate::http::problem::CONTENT_TYPE;
use crate::model::{Clock, EventId, Role, RoomId, Timestamp, User};
use crate::realtime::{Hub, HubConfig};
use crate::server;
use crate::storage::{self, Backend, OpenOptions, Store, StoreConfig};
use crate::web::Site;
use crate::ws::Sockets;

const PASSWORD: &str = "correct horse";

/// The server without its listener, with its own database.
pub struct Api {
    runtime: Runtime,
    endpoint: BoxEndpoint<'static, Response>,
    chat: Chat,
    backend: Arc<dyn Backend>,
    auth: Auth,
    world: Mutex<World>,
    _folder: TempDir,
}

/// The objects that a request can refer to: users with valid tokens, a room, and a message.
#[derive(Default)]
struct World {
    admin: Option<Login>,
    user: Option<Login>,
    room: Option<RoomId>,
    message: Option<EventId>,
}

impl Api {
    /// Starts the API over an empty database in a temporary folder.
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
            is_shared: false,
            expiry_notice_seconds: 60,
        })
        .unwrap();
        let sizes = StoreConfig { read_threads: 1, read_queue: 8, write_queue: 8 };
        let (store, _) = Store::start(backend.clone(), sizes, hub.publisher()).unwrap();
        let auth = Auth {
            bcrypt_cost: 4,
            login_failures_per_account: 0,
            login_failures_per_address: 0,
            ..Auth::default()
        };
        let limits = Limits {
            sends_per_second: 0,
            joins_per_second: 0,
            searches_per_second: 0,
            signups_per_hour: 0,
            ..Limits::default()
        };
        let parts = ChatParts {
            store,
            hub: hub.clone(),
            fleet: Fleet::new(hub.clone(), false),
            clock: Clock::System,
            auth: auth.clone(),
            rooms: Rooms::default(),
            limits,
            // Nothing here sends a request to another server.
            shows_previews: false,
            outbound: Vec::new(),
            external: None,
            hooks: Default::default(),
            facts,
            secret: vec![0; 32],
        };
        let chat = Chat::new(parts).unwrap();
        let tasks = TaskTracker::new();
        let sockets = Sockets { chat: chat.clone(), hub, tasks };
        let counts = Counts::new(chat.metrics());
        let site = Arc::new(Site::load(&Branding::default()).unwrap());
        let endpoint = server::endpoint(chat.clone(), sockets, counts, site, &Http::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = Mutex::default();
        Self { runtime, endpoint, chat, backend, auth, world, _folder: folder }
    }

    /// Input: `METHOD /path?query`, one header a line, an empty line, and the body. `$admin` and `$user`
    /// are replaced by tokens, `$id` and `$name` by those of the user, `$room` by a room's id, and
    /// `$message` by the id of a message in that room.
    ///
    /// Promises: no answer has a status of 5xx, and every error is a problem document.
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

    /// The world, after restoring what earlier requests have deleted or changed.
    fn world(&self) -> MutexGuard<'_, World> {
        let mut guard = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let world = &mut *guard;
        for (role, login) in [(Role::Admin, &mut world.admin), (Role::User, &mut world.user)] {
            if !login.as_ref().is_some_and(|login| self.is_good(login, role)) {
                *login = Some(self.login(role));
            }
        }
        let room = world.room.and_then(|id| self.backend.get_room(id).unwrap());
        if room.is_none_or(|room| room.archived_at.is_some()) {
            self.create_room(world);
        }
        guard
    }

    fn is_good(&self, login: &Login, role: Role) -> bool {
        let identity = self.runtime.block_on(self.chat.authenticate(&login.token));
        identity.is_ok_and(|identity| identity.role == role)
    }

    fn login(&self, role: Role) -> Login {
        let username = self.create_user(role).username;
        let address = Ipv4Addr::UNSPECIFIED.into();
        let login = self.chat.login(&username, PASSWORD.to_owned(), address);
        self.runtime.block_on(login).unwrap()
    }

    fn create_user(&self, role: Role) -> User {
        let username = unused_name();
        let email = format!("{username}@example.com");
        let signup = Signup { username, email, password: PASSWORD.to_owned(), role, invite: None };
        let account = new_account(signup, &self.auth, Timestamp(0)).unwrap();
        self.backend.create_user(&account, None).unwrap()
    }

    /// Creates a room with a message of the user.
    fn create_room(&self, world: &mut World) {
        let identity = async |login: &Option<Login>| {
            self.chat.authenticate(&login.as_ref().unwrap().token).await.unwrap()
        };
        self.runtime.block_on(async {
            let (admin, user) = (identity(&world.admin).await, identity(&world.user).await);
            let room = RoomDraft { name: unused_name(), ..RoomDraft::default() };
            let room_id = self.chat.create_room(&admin, room).await.unwrap().room.id;
            let draft =
                Draft { room_id, content: "hello".to_owned(), client_id: None, extras: None };
            let sent = self.chat.send(&user, draft).await.unwrap();
            (world.room, world.message) = (Some(room_id), Some(sent.message.id));
        });
    }
}

impl World {
    fn request(&self, input: &[u8]) -> Option<Request> {
        let split = input.windows(2).position(|window| window == b"\n\n");
        let (head, body) = split.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 2..]));
        let head = self.fill(std::str::from_utf8(head).ok()?)?;
        let mut lines = head.lines();
        let (method, uri) = lines.next()?.split_once(' ')?;
        let mut request =
            Request::builder().method(Method::from_str(method).ok()?).uri(Uri::from_str(uri).ok()?);
        // A request without Host is refused at once, so a Host is added unless the input has one.
        if !head.to_ascii_lowercase().contains("\nhost:") {
            request = request.header("host", "localhost");
        }
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_str(name).ok()?;
            request = request.header(name, HeaderValue::from_str(value.trim()).ok()?);
        }
        Some(request.body(match std::str::from_utf8(body) {
            Ok(text) => self.fill(text)?.into_bytes(),
            Err(_) => body.to_vec(),
        }))
    }

    fn fill(&self, text: &str) -> Option<String> {
        let (admin, user) = (self.admin.as_ref()?, self.user.as_ref()?);
        let text = text.replace("$admin", &admin.token).replace("$user", &user.token);
        let text = text.replace("$id", &user.user.id.to_string());
        let text = text.replace("$name", &user.user.username);
        let text = text.replace("$message", &self.message?.to_string());
        Some(text.replace("$room", &self.room?.to_string()))
    }
}

/// A name that no input contains.
fn unused_name() -> String {
    format!("of-{}", &Uuid::new_v4().simple().to_string()[..20])
}
