// Made from docs/openapi.json and docs/asyncapi.json: `npm run shapes` in tests/browser writes it anew.
// Not part of the page.

export type Shape =
  | Account
  | AdminRoom
  | Ban
  | Invite
  | InvitePreview
  | Login
  | Member
  | MessagePage
  | Node
  | Room
  | Setup
  | Stats
  | User
  | Frame
  | Verb;
export type Role = "user" | "admin";
export type RoomKind = "public" | "private" | "direct";
export type InviteRole = "member" | "moderator";
export type InviteKind = "room" | "server";
export type TokenType = "bearer";
export type RoomRole = "member" | "moderator" | "owner";
export type EventId = number;
export type UserId = number;
export type RoomId = number;
export type Seq = number;
export type AllowedTo = "everyone" | "moderators";
export type VisibleHistory = "all" | "joined";
export type Notify = "all" | "mentions" | "none";
export type SignupMode = "open" | "invite" | "closed";
export type RoomCreators = "admins" | "everyone";
export type Frame =
  | MessageFrame
  | MessageEditedFrame
  | MessageDeletedFrame
  | RoomChangedFrame
  | MemberJoinedFrame
  | MemberLeftFrame
  | MemberChangedFrame
  | UserJoinedFrame
  | UserLeftFrame
  | ActiveUsersFrame
  | AckFrame
  | SyncedFrame
  | UnsubscribedFrame
  | WatchingFrame
  | RoomCreatedFrame
  | RoomActivityFrame
  | RoomUpdatedFrame
  | ReadFrame
  | MembershipFrame
  | RoomLeftFrame
  | RoomDeletedFrame
  | TypingFrame
  | PongFrame
  | AuthRefreshedFrame
  | AuthExpiringFrame
  | ErrorFrame;
export type MessageFrame = Message & {
  type: "message";
};
export type MessageDeletedFrame = MessageChange & {
  type: "message_deleted";
};
export type RoomChangedFrame = RoomChanged & {
  type: "room_changed";
};
export type RoomField =
  | "name"
  | "description"
  | "archived_at"
  | "kind"
  | "posting"
  | "inviting"
  | "history"
  | "auto_join";
export type MemberJoinedFrame = MemberEvent & {
  type: "member_joined";
};
export type LeaveCause = "left" | "removed" | "banned" | "deleted";
export type MemberLeftFrame = MemberEvent & {
  type: "member_left";
};
export type MemberChangedFrame = MemberEvent & {
  type: "member_changed";
};
export type UserJoinedFrame = PresenceChange & {
  type: "user_joined";
};
export type UserLeftFrame = PresenceChange & {
  type: "user_left";
};
export type LeftCause = "left" | "removed" | "banned" | "private";
export type Verb =
  | SendVerb
  | SubscribeVerb
  | UnsubscribeVerb
  | TypingVerb
  | ReadVerb
  | AuthRefreshVerb
  | PresenceVerb
  | WatchVerb
  | PingVerb;
export type PresenceState = "online" | "away";

export interface Account {
  id: number;
  username: string;
  email: string;
  role: Role;
  is_active: boolean;
  created_at: string;
  display_name?: string;
  sessions: number;
}
export interface AdminRoom {
  id: number;
  name: string;
  kind: RoomKind;
  member_count: number;
  created_by?: number;
  created_at: string;
  head_seq?: number;
  archived_at?: string;
}
export interface Ban {
  user_id: number;
  username: string;
  display_name?: string;
  banned_by: number;
  created_at: string;
  reason: string | null;
  until: string | null;
}
export interface Invite {
  id: number;
  token?: string;
  room_id?: number;
  role?: InviteRole;
  created_by: number;
  invited_by: Inviter;
  uses_allowed?: number;
  completed: number;
  created_at: string;
  expires_at?: string;
}
export interface Inviter {
  username: string;
  display_name?: string;
}
export interface InvitePreview {
  kind: InviteKind;
  room?: InviteRoom;
  invited_by: Inviter;
  expires_at?: string;
}
export interface InviteRoom {
  name: string;
  description: string | null;
  member_count: number;
}
export interface Login {
  access_token: string;
  token_type: TokenType;
  expires_in: number;
  user: User;
}
export interface User {
  id: number;
  username: string;
  email: string;
  role: Role;
  is_active: boolean;
  created_at: string;
}
export interface Member {
  user_id: number;
  username: string;
  display_name?: string;
  role: RoomRole;
  joined_at: string;
  muted_until?: string;
}
export interface MessagePage {
  messages: Message[];
  has_older: boolean;
  has_newer: boolean;
  next_before: number | null;
  next_after: number | null;
  head_seq: number;
}
export interface Message {
  id: EventId;
  content: string;
  username: string;
  user_id: UserId;
  timestamp: string;
  room_id: RoomId;
  seq: Seq;
  display_name?: string | null;
  client_id?: string | null;
  edited_at?: string | null;
  deleted_at?: string | null;
}
export interface Node {
  id: number;
  name: string;
  version: string;
  address: string;
  started_at: string;
  connections: number;
  lag_ms: number;
  heartbeat_age_ms: number;
  has_jobs: boolean;
  is_this_node: boolean;
}
export interface Room {
  id: number;
  name: string;
  description: string | null;
  kind: RoomKind;
  posting: AllowedTo;
  inviting: AllowedTo;
  history: VisibleHistory;
  auto_join: boolean;
  created_by: number;
  created_at: string;
  head_seq: number;
  active_users: number;
  read_seq: number;
  unread?: number;
  mentions?: number;
  membership?: Membership;
  member_count: number;
  people?: Person[];
  revision: number;
  archived_at?: string;
}
export interface Membership {
  role: RoomRole;
  joined_at: string;
  joined_seq: number;
  muted_until?: string;
  notify: Notify;
  is_starred: boolean;
  is_hidden: boolean;
}
export interface Person {
  user_id: UserId;
  username: string;
  display_name?: string | null;
}
export interface Setup {
  needs_admin: boolean;
  allowed_here: boolean;
  message_chars: number;
  signup: SignupMode;
  rooms_create: RoomCreators;
  branding: Branding;
}
export interface Branding {
  name: string;
  logo: string | null;
  color: string | null;
}
export interface Stats {
  version: string;
  nodes: number;
  started_at: string;
  uptime_seconds: number;
  database: string | null;
  database_bytes: number | null;
  wal_bytes: number | null;
  users: number | null;
  rooms: number | null;
  events: number | null;
  sockets: number;
  connected_users: number;
  live_rooms: number;
  messages_per_second: number;
  deliveries_per_second: number;
  commit_p50_ms: number | null;
  commit_p99_ms: number | null;
  write_queue: number;
  read_queue: number;
  password_queue: number;
  hub_queue: number;
  blocked_sockets: number;
  slowest_reader_seqs: number;
  slowest_reader_seconds: number;
  storage_errors: number;
  memory_bytes: number | null;
  cpu_seconds: number | null;
  open_files: number | null;
}
export interface MessageEditedFrame {
  type: "message_edited";
  id: EventId;
  room_id: RoomId;
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
  message_id: EventId;
  message_seq: Seq;
  content: string;
}
export interface MessageChange {
  id: EventId;
  room_id: RoomId;
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
  message_id: EventId;
  message_seq: Seq;
}
export interface RoomChanged {
  id: EventId;
  room_id: RoomId;
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
  name: string;
  description: string | null;
  revision: number;
  archived_at?: string | null;
  kind: RoomKind;
  posting: AllowedTo;
  inviting: AllowedTo;
  history: VisibleHistory;
  auto_join: boolean;
  changed?: RoomField[];
}
export interface MemberEvent {
  id: EventId;
  room_id: RoomId;
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
  members: Person[];
  role?: RoomRole | null;
  cause?: LeaveCause | null;
  reason?: string | null;
  until?: string | null;
  muted_until?: string | null;
  is_banned?: boolean | null;
}
export interface PresenceChange {
  room_id: RoomId;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
}
export interface ActiveUsersFrame {
  type: "active_users";
  room_id: RoomId;
  users: Person[];
  count: number;
}
export interface AckFrame {
  type: "ack";
  ref?: string | null;
  client_id?: string | null;
  room_id: RoomId;
  id: EventId;
  seq: Seq;
  duplicate: boolean;
}
export interface SyncedFrame {
  type: "synced";
  ref?: string | null;
  room_id: RoomId;
  head_seq: Seq;
  epoch: string;
}
export interface UnsubscribedFrame {
  type: "unsubscribed";
  ref?: string | null;
  room_id: RoomId;
}
export interface WatchingFrame {
  type: "watching";
  ref?: string | null;
  epoch: string;
}
export interface RoomCreatedFrame {
  type: "room_created";
  room: RoomCard;
}
export interface RoomCard {
  id: RoomId;
  name: string;
  description: string | null;
  created_by: UserId;
  created_at: string;
  head_seq: Seq;
  active_users: number;
  archived_at?: string | null;
  revision: number;
  kind: RoomKind;
  posting: AllowedTo;
  inviting: AllowedTo;
  history: VisibleHistory;
  auto_join: boolean;
}
export interface RoomActivityFrame {
  type: "room_activity";
  room_id: RoomId;
  head_seq: Seq;
  messages: ActivityMessage[];
  deleted?: Seq[];
  truncated?: boolean;
}
export interface ActivityMessage {
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  mentions?: string[];
}
export interface RoomUpdatedFrame {
  type: "room_updated";
  room_id: RoomId;
  name: string;
  description: string | null;
  revision: number;
  archived_at?: string | null;
  kind: RoomKind;
  posting: AllowedTo;
  inviting: AllowedTo;
  history: VisibleHistory;
  auto_join: boolean;
}
export interface ReadFrame {
  type: "read";
  ref?: string | null;
  room_id: RoomId;
  seq: Seq;
}
export interface MembershipFrame {
  type: "membership";
  room_id: RoomId;
}
export interface RoomLeftFrame {
  type: "room_left";
  room_id: RoomId;
  cause: LeftCause;
}
export interface RoomDeletedFrame {
  type: "room_deleted";
  room_id: RoomId;
}
export interface TypingFrame {
  type: "typing";
  room_id: RoomId;
  user_id: UserId;
  username: string;
  display_name?: string | null;
}
export interface PongFrame {
  type: "pong";
  ref?: string | null;
}
export interface AuthRefreshedFrame {
  type: "auth.refreshed";
  ref?: string | null;
  expires_at: string;
}
export interface AuthExpiringFrame {
  type: "auth.expiring";
  expires_at: string;
}
export interface ErrorFrame {
  type: "error";
  code: string;
  detail: string;
  ref?: string | null;
  room_id?: RoomId | null;
  retry_after?: number | null;
}
export interface SendVerb {
  room_id?: RoomId | null;
  content: string;
  client_id?: string | null;
  type: "send";
  ref?: string;
}
export interface SubscribeVerb {
  room_id: RoomId;
  since?: Seq | null;
  epoch?: string | null;
  history?: number | null;
  type: "subscribe";
  ref?: string;
}
export interface UnsubscribeVerb {
  room_id: RoomId;
  type: "unsubscribe";
  ref?: string;
}
export interface TypingVerb {
  room_id?: RoomId | null;
  type: "typing";
  ref?: string;
}
export interface ReadVerb {
  room_id?: RoomId | null;
  seq: Seq;
  type: "read";
  ref?: string;
}
export interface AuthRefreshVerb {
  token: string;
  type: "auth.refresh";
  ref?: string;
}
export interface PresenceVerb {
  state: PresenceState;
  type: "presence";
  ref?: string;
}
export interface WatchVerb {
  type: "watch";
  ref?: string;
}
export interface PingVerb {
  type: "ping";
  ref?: string;
}
