// Made from docs/openapi.json and docs/asyncapi.json: `npm run shapes` in tests/browser writes it anew.

export type Shape =
  | Account
  | AdminRoom
  | ApiToken
  | Ban
  | Draft
  | FollowedThread
  | Hook
  | Invite
  | InvitePreview
  | Login
  | Member
  | MentionOfCaller
  | MessagePage
  | Node
  | Pin
  | Preview
  | Room
  | ScheduledMessage
  | SearchPage
  | Setup
  | Stats
  | ThreadPage
  | User
  | Frame
  | Verb
  | Operations;
export type Role = "user" | "admin";
export type RoomKind = "public" | "private" | "direct";
export type Scope = "read" | "send" | "rooms" | "admin";
export type EventId = number;
export type UserId = number;
export type RoomId = number;
export type Seq = number;
export type Everyone = "room" | "here";
export type InviteRole = "member" | "moderator";
export type InviteKind = "room" | "server";
export type TokenType = "bearer";
export type RoomRole = "member" | "moderator" | "owner";
export type AllowedTo = "everyone" | "moderators";
export type VisibleHistory = "all" | "joined";
export type Notify = "all" | "mentions" | "none";
export type SignupMode = "open" | "invite" | "closed";
export type RoomCreators = "admins" | "everyone";
export type Frame =
  | MessageFrame
  | ReplyFrame
  | MessageEditedFrame
  | MessageDeletedFrame
  | ReactionAddedFrame
  | ReactionRemovedFrame
  | MessagePinnedFrame
  | MessageUnpinnedFrame
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
  | OwnChangedFrame
  | RoomLeftFrame
  | RoomDeletedFrame
  | TypingFrame
  | ReactedFrame
  | PongFrame
  | AuthRefreshedFrame
  | AuthExpiringFrame
  | ErrorFrame;
export type MessageFrame = Message & {
  type: "message";
};
export type ReplyFrame = Message & {
  type: "reply";
};
export type MessageDeletedFrame = MessageChange & {
  type: "message_deleted";
};
export type ReactionAddedFrame = ReactionEvent & {
  type: "reaction_added";
};
export type ReactionRemovedFrame = ReactionEvent & {
  type: "reaction_removed";
};
export type MessagePinnedFrame = MessageChange & {
  type: "message_pinned";
};
export type MessageUnpinnedFrame = MessageChange & {
  type: "message_unpinned";
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
  | "auto_join"
  | "metadata";
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
export type OwnChangedFrame = OwnChange & {
  type: "own_changed";
};
export type OwnSubject = "draft" | "thread" | "scheduled";
export type LeftCause = "left" | "removed" | "banned" | "private";
export type Verb =
  | SendVerb
  | SubscribeVerb
  | UnsubscribeVerb
  | TypingVerb
  | ReadVerb
  | ReactVerb
  | AuthRefreshVerb
  | PresenceVerb
  | WatchVerb
  | PingVerb;
export type PresenceState = "online" | "away";
export type Presence = "online" | "away" | "offline";
export type Belonging = "joined" | "none";
export type Event =
  | MessageSent
  | Reply
  | MessageEdited
  | MessageDeleted
  | ReactionAdded
  | ReactionRemoved
  | MessagePinned
  | MessageUnpinned
  | RoomChanged
  | MemberJoined
  | MemberLeft
  | MemberChanged;
export type MessageSentType = "message";
export type ReplyType = "reply";
export type MessageEditedType = "message_edited";
export type MessageDeletedType = "message_deleted";
export type ReactionAddedType = "reaction_added";
export type ReactionRemovedType = "reaction_removed";
export type MessagePinnedType = "message_pinned";
export type MessageUnpinnedType = "message_unpinned";
export type MemberJoinedType = "member_joined";
export type MemberLeftType = "member_left";
export type MemberChangedType = "member_changed";
export type SearchOrder = "newest" | "best";
export type ViaDto = "http" | "cli";

export interface Account {
  id: number;
  username: string;
  email: string;
  role: Role;
  is_active: boolean;
  created_at: string;
  display_name?: string;
  sessions: number;
  is_bot?: boolean;
  metadata?: Metadata;
}
export interface Metadata {
  [k: string]: unknown;
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
export interface ApiToken {
  id: string;
  name: string;
  scopes: Scope[];
  room_ids?: number[];
  created_at: string;
  expires_at?: string;
  last_used_at?: string;
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
export interface Draft {
  room_id: number;
  thread_id?: number;
  content: string;
  updated_at: string;
}
export interface FollowedThread {
  message: Message;
  read_seq: number;
  unread: number;
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
  thread_id?: EventId | null;
  also_to_room?: boolean;
  quote_of?: EventId | null;
  mentions?: Mention[];
  forwarded?: Forwarded | null;
  is_bot?: boolean;
  metadata?: Metadata | null;
  reactions?: Reaction[];
  thread?: ThreadSummary | null;
  is_pinned?: boolean;
}
export interface Mention {
  user_id?: UserId | null;
  everyone?: Everyone | null;
  start: number;
  end: number;
}
export interface Forwarded {
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
}
export interface Reaction {
  emoji: string;
  count: number;
  mine: boolean;
  people: Person[];
}
export interface Person {
  user_id: UserId;
  username: string;
  display_name?: string | null;
}
export interface ThreadSummary {
  count: number;
  last_seq: Seq;
  last_at: string;
  people: Person[];
}
export interface Hook {
  id: number;
  room_id: number;
  name: string;
  username: string;
  created_by: Person;
  created_at: string;
  last_used_at?: string;
  path?: string;
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
  metadata?: Metadata;
}
export interface Member {
  user_id: number;
  username: string;
  display_name?: string;
  role: RoomRole;
  joined_at: string;
  muted_until?: string;
}
export interface MentionOfCaller {
  is_everyone: boolean;
  is_unread: boolean;
  message: Message;
}
export interface MessagePage {
  messages: Message[];
  has_older: boolean;
  has_newer: boolean;
  next_before: number | null;
  next_after: number | null;
  head_seq: number;
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
export interface Pin {
  message: Message;
  pinned_by: Person;
  pinned_at: string;
}
export interface Preview {
  url: string;
  title: string;
  description?: string;
  site_name?: string;
  image?: string;
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
  first_unread_seq?: number;
  mentions?: number;
  unread_threads?: number;
  membership?: Membership;
  member_count: number;
  people?: Person[];
  revision: number;
  archived_at?: string;
  metadata?: Metadata;
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
export interface ScheduledMessage {
  id: number;
  room_id: number;
  thread_id?: number;
  content: string;
  send_at: string;
  created_at: string;
  failure?: string;
}
export interface SearchPage {
  found: FoundMessage[];
  next_cursor: string | null;
  is_complete: boolean;
}
export interface FoundMessage {
  message: Message;
  snippet: Snippet;
}
export interface Snippet {
  text: string;
  hits: Hit[];
}
export interface Hit {
  start: number;
  end: number;
}
export interface Setup {
  needs_admin: boolean;
  allowed_here: boolean;
  message_chars: number;
  signup: SignupMode;
  rooms_create: RoomCreators;
  previews: boolean;
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
export interface ThreadPage {
  message: Message;
  messages: Message[];
  has_older: boolean;
  has_newer: boolean;
  next_before: number | null;
  next_after: number | null;
  head_seq: number;
  is_following: boolean;
  read_seq: number;
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
  thread_id?: EventId | null;
  content: string;
  mentions?: Mention[];
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
  thread_id?: EventId | null;
}
export interface ReactionEvent {
  id: EventId;
  room_id: RoomId;
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  timestamp: string;
  message_id: EventId;
  message_seq: Seq;
  reactions: ReactionBy[];
}
export interface ReactionBy {
  emoji: string;
  user_id: UserId;
  username: string;
  display_name?: string | null;
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
  metadata?: Metadata | null;
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
  metadata?: Metadata | null;
}
export interface RoomActivityFrame {
  type: "room_activity";
  room_id: RoomId;
  head_seq: Seq;
  messages: ActivityMessage[];
  deleted?: Seq[];
  threads?: EventId[];
  truncated?: boolean;
}
export interface ActivityMessage {
  seq: Seq;
  user_id: UserId;
  username: string;
  display_name?: string | null;
  mentions?: UserId[];
  mentions_everyone?: boolean;
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
  metadata?: Metadata | null;
}
export interface ReadFrame {
  type: "read";
  ref?: string | null;
  room_id: RoomId;
  seq: Seq;
  marked_unread?: boolean;
}
export interface MembershipFrame {
  type: "membership";
  room_id: RoomId;
}
export interface OwnChange {
  subject: OwnSubject;
  room_id: RoomId;
  thread_id?: EventId | null;
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
export interface ReactedFrame {
  type: "reacted";
  ref?: string | null;
  room_id: RoomId;
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
  thread_id?: EventId | null;
  also_to_room?: boolean;
  quote_of?: EventId | null;
  metadata?: Metadata | null;
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
export interface ReactVerb {
  room_id?: RoomId | null;
  message_id: EventId;
  emoji: string;
  remove?: boolean;
  type: "react";
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
export interface Operations {
  "GET /auth/setup": {
    answer: Setup;
  };
  "POST /auth/signup": {
    body: SignupRequest;
    answer: User;
  };
  "POST /auth/login": {
    body: LoginRequest;
    answer: Login;
  };
  "GET /auth/me": {
    answer: User;
  };
  "POST /auth/logout": {
    answer: undefined;
  };
  "POST /auth/refresh": {
    answer: Login;
  };
  "POST /auth/ws-ticket": {
    answer: Ticket;
  };
  "POST /auth/password": {
    body: PasswordRequest;
    answer: undefined;
  };
  "POST /auth/password-reset": {
    body: PasswordResetRequest;
    answer: undefined;
  };
  "POST /auth/exchange": {
    body: ExchangeRequest;
    answer: Login;
  };
  "POST /admin/users/{user_id}/tokens": {
    path: {
      user_id: number;
    };
    body: UserTokenRequest;
    answer: Login;
  };
  "GET /users/": {
    query?: {
      query?: string;
      limit?: number;
      after?: number;
    };
    answer: PeoplePage;
  };
  "GET /users/{user_id}": {
    path: {
      user_id: number;
    };
    answer: UserCard;
  };
  "PATCH /users/me": {
    body: ProfileRequest;
    answer: UserCard;
  };
  "GET /users/me/blocks": {
    answer: Block[];
  };
  "PUT /users/me/blocks/{user_id}": {
    path: {
      user_id: number;
    };
    answer: undefined;
  };
  "DELETE /users/me/blocks/{user_id}": {
    path: {
      user_id: number;
    };
    answer: undefined;
  };
  "GET /rooms/": {
    query?: {
      membership?: Belonging;
      kind?: RoomKind;
      query?: string;
      limit?: number;
      after?: number;
      metadata_key?: string;
      metadata_value?: string;
    };
    answer: Room[];
  };
  "POST /rooms/": {
    body: RoomRequest;
    answer: Room;
  };
  "GET /rooms/{room_id}": {
    path: {
      room_id: number;
    };
    answer: Room;
  };
  "PATCH /rooms/{room_id}": {
    path: {
      room_id: number;
    };
    body: RoomChangeRequest;
    answer: Room;
  };
  "DELETE /rooms/{room_id}": {
    path: {
      room_id: number;
    };
    answer: undefined;
  };
  "PUT /rooms/{room_id}/read": {
    path: {
      room_id: number;
    };
    body: ReadRequest;
    answer: ReadPosition;
  };
  "POST /rooms/{room_id}/unread": {
    path: {
      room_id: number;
    };
    body: UnreadRequest;
    answer: ReadPosition;
  };
  "GET /rooms/{room_id}/members": {
    path: {
      room_id: number;
    };
    query?: {
      query?: string;
      limit?: number;
      after?: number;
    };
    answer: MemberPage;
  };
  "POST /rooms/{room_id}/members": {
    path: {
      room_id: number;
    };
    body: MembersRequest;
    answer: AddedMembers;
  };
  "PUT /rooms/{room_id}/members/me": {
    path: {
      room_id: number;
    };
    answer: Room;
  };
  "PATCH /rooms/{room_id}/members/me": {
    path: {
      room_id: number;
    };
    body: PreferenceRequest;
    answer: Room;
  };
  "DELETE /rooms/{room_id}/members/me": {
    path: {
      room_id: number;
    };
    answer: undefined;
  };
  "PATCH /rooms/{room_id}/members/{user_id}": {
    path: {
      room_id: number;
      user_id: number;
    };
    body: MemberChangeRequest;
    answer: undefined;
  };
  "DELETE /rooms/{room_id}/members/{user_id}": {
    path: {
      room_id: number;
      user_id: number;
    };
    query?: {
      reason?: string;
    };
    answer: undefined;
  };
  "PUT /rooms/{room_id}/owner": {
    path: {
      room_id: number;
    };
    body: OwnerRequest;
    answer: Room;
  };
  "GET /rooms/{room_id}/bans": {
    path: {
      room_id: number;
    };
    answer: Ban[];
  };
  "PUT /rooms/{room_id}/bans/{user_id}": {
    path: {
      room_id: number;
      user_id: number;
    };
    body: BanRequest;
    answer: undefined;
  };
  "DELETE /rooms/{room_id}/bans/{user_id}": {
    path: {
      room_id: number;
      user_id: number;
    };
    answer: undefined;
  };
  "POST /direct-rooms": {
    body: DirectRoomRequest;
    answer: Room;
  };
  "GET /rooms/{room_id}/invites": {
    path: {
      room_id: number;
    };
    answer: Invite[];
  };
  "POST /rooms/{room_id}/invites": {
    path: {
      room_id: number;
    };
    body: InviteRequest;
    answer: Invite;
  };
  "DELETE /rooms/{room_id}/invites/{invite_id}": {
    path: {
      room_id: number;
      invite_id: number;
    };
    answer: undefined;
  };
  "GET /invites": {
    answer: Invite[];
  };
  "POST /invites": {
    body: ServerInviteRequest;
    answer: Invite;
  };
  "DELETE /invites/{invite_id}": {
    path: {
      invite_id: number;
    };
    answer: undefined;
  };
  "POST /invites/preview": {
    body: InviteTokenRequest;
    answer: InvitePreview;
  };
  "POST /invites/accept": {
    body: InviteTokenRequest;
    answer: Room;
  };
  "GET /rooms/{room_id}/messages": {
    path: {
      room_id: number;
    };
    query?: {
      limit?: number;
      before?: number;
      after?: number;
      around?: number;
      metadata_key?: string;
      metadata_value?: string;
    };
    answer: MessagePage;
  };
  "POST /rooms/{room_id}/messages": {
    path: {
      room_id: number;
    };
    body: MessageRequest;
    answer: Message;
  };
  "GET /rooms/{room_id}/messages/{message_id}": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: Message;
  };
  "PATCH /rooms/{room_id}/messages/{message_id}": {
    path: {
      room_id: number;
      message_id: number;
    };
    body: MessageEditRequest;
    answer: Message;
  };
  "DELETE /rooms/{room_id}/messages/{message_id}": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: undefined;
  };
  "POST /rooms/{room_id}/messages/{message_id}/forward": {
    path: {
      room_id: number;
      message_id: number;
    };
    body: ForwardRequest;
    answer: Message;
  };
  "GET /rooms/{room_id}/events": {
    path: {
      room_id: number;
    };
    query?: {
      after?: number;
      limit?: number;
      epoch?: string;
    };
    answer: EventPage;
  };
  "GET /rooms/{room_id}/messages/{message_id}/reactions/{emoji}": {
    path: {
      room_id: number;
      message_id: number;
      emoji: string;
    };
    answer: Person[];
  };
  "PUT /rooms/{room_id}/messages/{message_id}/reactions/{emoji}": {
    path: {
      room_id: number;
      message_id: number;
      emoji: string;
    };
    answer: undefined;
  };
  "DELETE /rooms/{room_id}/messages/{message_id}/reactions/{emoji}": {
    path: {
      room_id: number;
      message_id: number;
      emoji: string;
    };
    answer: undefined;
  };
  "GET /rooms/{room_id}/pins": {
    path: {
      room_id: number;
    };
    answer: Pin[];
  };
  "PUT /rooms/{room_id}/pins/{message_id}": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: undefined;
  };
  "DELETE /rooms/{room_id}/pins/{message_id}": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: undefined;
  };
  "GET /rooms/{room_id}/messages/{message_id}/thread": {
    path: {
      room_id: number;
      message_id: number;
    };
    query?: {
      limit?: number;
      before?: number;
      after?: number;
      around?: number;
    };
    answer: ThreadPage;
  };
  "PUT /rooms/{room_id}/messages/{message_id}/thread/read": {
    path: {
      room_id: number;
      message_id: number;
    };
    body: ThreadReadRequest;
    answer: ThreadFollow;
  };
  "PUT /rooms/{room_id}/messages/{message_id}/thread/follow": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: undefined;
  };
  "DELETE /rooms/{room_id}/messages/{message_id}/thread/follow": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: undefined;
  };
  "GET /users/me/threads": {
    query?: {
      room_id?: number;
      unread?: boolean;
      limit?: number;
      before?: string;
    };
    answer: FollowedThread[];
  };
  "GET /users/me/mentions": {
    query?: {
      limit?: number;
      before?: number;
    };
    answer: MentionOfCaller[];
  };
  "GET /rooms/{room_id}/messages/{message_id}/previews": {
    path: {
      room_id: number;
      message_id: number;
    };
    answer: Preview[];
  };
  "GET /rooms/{room_id}/messages/{message_id}/previews/{index}/image": {
    path: {
      room_id: number;
      message_id: number;
      index: number;
    };
    answer: undefined;
  };
  "GET /search": {
    query: {
      q: string;
      order?: SearchOrder;
      limit?: number;
      cursor?: string;
    };
    answer: SearchPage;
  };
  "PUT /rooms/{room_id}/draft": {
    path: {
      room_id: number;
    };
    body: DraftRequest;
    answer: Draft;
  };
  "DELETE /rooms/{room_id}/draft": {
    path: {
      room_id: number;
    };
    query?: {
      thread_id?: number;
    };
    answer: undefined;
  };
  "GET /users/me/drafts": {
    answer: Draft[];
  };
  "POST /rooms/{room_id}/scheduled": {
    path: {
      room_id: number;
    };
    body: ScheduleRequest;
    answer: ScheduledMessage;
  };
  "GET /users/me/scheduled": {
    answer: ScheduledMessage[];
  };
  "PATCH /users/me/scheduled/{scheduled_id}": {
    path: {
      scheduled_id: number;
    };
    body: ScheduledChangeRequest;
    answer: ScheduledMessage;
  };
  "DELETE /users/me/scheduled/{scheduled_id}": {
    path: {
      scheduled_id: number;
    };
    answer: undefined;
  };
  "GET /bots": {
    answer: Account[];
  };
  "POST /bots": {
    body: BotRequest;
    answer: MadeBot;
  };
  "GET /bots/{user_id}/tokens": {
    path: {
      user_id: number;
    };
    answer: ApiToken[];
  };
  "POST /bots/{user_id}/tokens": {
    path: {
      user_id: number;
    };
    body: ApiTokenRequest;
    answer: MadeApiToken;
  };
  "DELETE /bots/{user_id}/tokens/{token_id}": {
    path: {
      user_id: number;
      token_id: string;
    };
    answer: undefined;
  };
  "GET /bots/me": {
    answer: OwnBot;
  };
  "GET /bots/me/cursors": {
    answer: string[];
  };
  "GET /bots/me/cursors/{name}": {
    path: {
      name: string;
    };
    answer: Cursor;
  };
  "PUT /bots/me/cursors/{name}": {
    path: {
      name: string;
    };
    body: CursorRequest;
    answer: Cursor;
  };
  "DELETE /bots/me/cursors/{name}": {
    path: {
      name: string;
    };
    answer: undefined;
  };
  "GET /rooms/{room_id}/hooks": {
    path: {
      room_id: number;
    };
    answer: Hook[];
  };
  "POST /rooms/{room_id}/hooks": {
    path: {
      room_id: number;
    };
    body: HookRequest;
    answer: Hook;
  };
  "DELETE /rooms/{room_id}/hooks/{hook_id}": {
    path: {
      room_id: number;
      hook_id: number;
    };
    answer: undefined;
  };
  "POST /hooks/{token}": {
    path: {
      token: string;
    };
    body: HookPayload;
    answer: undefined;
  };
  "GET /outgoing-hooks": {
    query?: {
      user_id?: number;
    };
    answer: OutgoingHook[];
  };
  "POST /outgoing-hooks": {
    body: OutgoingHookRequest;
    answer: OutgoingHookSecret;
  };
  "GET /outgoing-hooks/{hook_id}": {
    path: {
      hook_id: number;
    };
    answer: OutgoingHook;
  };
  "PATCH /outgoing-hooks/{hook_id}": {
    path: {
      hook_id: number;
    };
    body: OutgoingHookChangeRequest;
    answer: OutgoingHook;
  };
  "DELETE /outgoing-hooks/{hook_id}": {
    path: {
      hook_id: number;
    };
    answer: undefined;
  };
  "POST /outgoing-hooks/{hook_id}/secret": {
    path: {
      hook_id: number;
    };
    answer: OutgoingHookSecret;
  };
  "POST /outgoing-hooks/{hook_id}/replay": {
    path: {
      hook_id: number;
    };
    body: ReplayRequest;
    answer: undefined;
  };
  "GET /outgoing-hooks/{hook_id}/failing": {
    path: {
      hook_id: number;
    };
    answer: FailingRoom[];
  };
  "GET /outgoing-hooks/{hook_id}/deliveries": {
    path: {
      hook_id: number;
    };
    query?: {
      before?: number;
      limit?: number;
    };
    answer: Delivery[];
  };
  "GET /admin/users": {
    query?: {
      query?: string;
      limit?: number;
      after?: number;
      external_subject?: string;
      metadata_key?: string;
      metadata_value?: string;
    };
    answer: AccountPage;
  };
  "POST /admin/users": {
    body: AccountRequest;
    answer: Account;
  };
  "GET /admin/users/{user_id}": {
    path: {
      user_id: number;
    };
    answer: Account;
  };
  "PATCH /admin/users/{user_id}": {
    path: {
      user_id: number;
    };
    body: UserChangeRequest;
    answer: Account;
  };
  "DELETE /admin/users/{user_id}": {
    path: {
      user_id: number;
    };
    answer: undefined;
  };
  "GET /admin/users/{user_id}/sessions": {
    path: {
      user_id: number;
    };
    answer: Session[];
  };
  "DELETE /admin/users/{user_id}/sessions": {
    path: {
      user_id: number;
    };
    answer: Revoked;
  };
  "POST /admin/users/{user_id}/password-reset": {
    path: {
      user_id: number;
    };
    answer: PasswordReset;
  };
  "GET /admin/audit": {
    query?: {
      limit?: number;
      before?: number;
    };
    answer: AuditPage;
  };
  "GET /admin/rooms": {
    query?: {
      query?: string;
      kind?: RoomKind;
      limit?: number;
      after?: number;
    };
    answer: AdminRoomPage;
  };
  "DELETE /admin/rooms/{room_id}": {
    path: {
      room_id: number;
    };
    answer: undefined;
  };
  "POST /admin/rooms/{room_id}/messages": {
    path: {
      room_id: number;
    };
    body: AnnouncementRequest;
    answer: Announced;
  };
  "PUT /admin/rooms/{room_id}/owner": {
    path: {
      room_id: number;
    };
    body: OwnerRequest;
    answer: undefined;
  };
  "GET /health": {
    answer: Health;
  };
  "GET /ready": {
    answer: Health;
  };
  "GET /metrics": {
    answer: undefined;
  };
  "GET /admin/stats": {
    answer: Stats;
  };
  "GET /admin/nodes": {
    answer: Node[];
  };
}
export interface SignupRequest {
  username: string;
  email: string;
  password: string;
  role?: Role | null;
  invite?: string | null;
}
export interface LoginRequest {
  username: string;
  password: string;
}
export interface Ticket {
  ticket: string;
  expires_in: number;
}
export interface PasswordRequest {
  current_password: string;
  new_password: string;
}
export interface PasswordResetRequest {
  token: string;
  new_password: string;
}
export interface ExchangeRequest {
  token: string;
}
export interface UserTokenRequest {
  expires_in?: number | null;
}
export interface PeoplePage {
  users: UserCard[];
  next_after?: number;
}
export interface UserCard {
  id: number;
  username: string;
  display_name?: string;
  title?: string;
  timezone?: string;
  status?: Status;
  presence: Presence;
  last_seen_at?: string;
  is_active: boolean;
  is_bot?: boolean;
}
export interface Status {
  text?: string;
  emoji?: string;
  until?: string;
}
export interface ProfileRequest {
  display_name?: string | null;
  title?: string | null;
  timezone?: string | null;
  status?: StatusRequest | null;
}
export interface StatusRequest {
  text?: string | null;
  emoji?: string | null;
  until?: string | null;
}
export interface Block {
  user: UserCard;
  created_at: string;
}
export interface RoomRequest {
  name: string;
  description?: string | null;
  kind?: RoomKind | null;
  posting?: AllowedTo | null;
  inviting?: AllowedTo | null;
  history?: VisibleHistory | null;
  auto_join?: boolean | null;
  metadata?: Metadata | null;
}
export interface RoomChangeRequest {
  name?: string | null;
  description?: string | null;
  is_archived?: boolean | null;
  kind?: RoomKind | null;
  posting?: AllowedTo | null;
  inviting?: AllowedTo | null;
  history?: VisibleHistory | null;
  auto_join?: boolean | null;
  metadata?: Metadata | null;
}
export interface ReadRequest {
  seq: number;
}
export interface ReadPosition {
  read_seq: number;
}
export interface UnreadRequest {
  seq: number;
}
export interface MemberPage {
  members: Member[];
  next_after: number | null;
  total: number;
}
export interface MembersRequest {
  user_ids: number[];
  role?: RoomRole | null;
}
export interface AddedMembers {
  added: Person[];
}
export interface PreferenceRequest {
  notify?: Notify | null;
  is_starred?: boolean | null;
  is_hidden?: boolean | null;
}
export interface MemberChangeRequest {
  role?: RoomRole | null;
  muted_until?: string | null;
}
export interface OwnerRequest {
  user_id: number;
}
export interface BanRequest {
  reason?: string | null;
  until?: string | null;
}
export interface DirectRoomRequest {
  user_ids: number[];
}
export interface InviteRequest {
  uses_allowed?: number | null;
  expires_at?: string | null;
  role?: InviteRole | null;
}
export interface ServerInviteRequest {
  uses_allowed?: number | null;
  expires_at?: string | null;
}
export interface InviteTokenRequest {
  token: string;
}
export interface MessageRequest {
  content: string;
  client_id?: string | null;
  thread_id?: number | null;
  also_to_room?: boolean | null;
  quote_of?: number | null;
  metadata?: Metadata | null;
}
export interface MessageEditRequest {
  content: string;
}
export interface ForwardRequest {
  room_id: number;
  client_id?: string | null;
}
export interface EventPage {
  events: Event[];
  head_seq: number;
  next_after: number;
  has_more: boolean;
  epoch: string;
}
export interface MessageSent {
  type: MessageSentType;
  id: number;
  content: string;
  username: string;
  user_id: number;
  timestamp: string;
  room_id: number;
  seq: number;
  display_name?: string;
  client_id?: string;
  edited_at?: string;
  deleted_at?: string;
  thread_id?: number;
  also_to_room?: boolean;
  quote_of?: number;
  mentions?: Mention[];
  forwarded?: Forwarded;
  is_bot?: boolean;
  metadata?: Metadata;
  reactions?: Reaction[];
  thread?: ThreadSummary;
  is_pinned?: boolean;
}
export interface Reply {
  type: ReplyType;
  id: number;
  content: string;
  username: string;
  user_id: number;
  timestamp: string;
  room_id: number;
  seq: number;
  display_name?: string;
  client_id?: string;
  edited_at?: string;
  deleted_at?: string;
  thread_id?: number;
  also_to_room?: boolean;
  quote_of?: number;
  mentions?: Mention[];
  forwarded?: Forwarded;
  is_bot?: boolean;
  metadata?: Metadata;
  reactions?: Reaction[];
  thread?: ThreadSummary;
  is_pinned?: boolean;
}
export interface MessageEdited {
  type: MessageEditedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  thread_id?: number;
  content: string;
  mentions?: Mention[];
}
export interface MessageDeleted {
  type: MessageDeletedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  thread_id?: number;
}
export interface ReactionAdded {
  type: ReactionAddedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  reactions: ReactionBy[];
}
export interface ReactionRemoved {
  type: ReactionRemovedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  reactions: ReactionBy[];
}
export interface MessagePinned {
  type: MessagePinnedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  thread_id?: number;
}
export interface MessageUnpinned {
  type: MessageUnpinnedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  message_id: number;
  message_seq: number;
  thread_id?: number;
}
export interface MemberJoined {
  type: MemberJoinedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  members: Person[];
  role: RoomRole;
}
export interface MemberLeft {
  type: MemberLeftType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  members: Person[];
  cause: LeaveCause;
  reason?: string;
  until?: string;
}
export interface MemberChanged {
  type: MemberChangedType;
  id: number;
  room_id: number;
  seq: number;
  user_id: number;
  username: string;
  display_name?: string;
  timestamp: string;
  members: Person[];
  role?: RoomRole;
  muted_until?: string;
  is_banned?: boolean;
  reason?: string;
  until?: string;
}
export interface ThreadReadRequest {
  seq: number;
}
export interface ThreadFollow {
  is_following: boolean;
  read_seq: number;
}
export interface DraftRequest {
  content: string;
  thread_id?: number | null;
}
export interface ScheduleRequest {
  content: string;
  send_at: string;
  thread_id?: number | null;
}
export interface ScheduledChangeRequest {
  content?: string | null;
  send_at?: string | null;
}
export interface BotRequest {
  username: string;
  display_name?: string | null;
  role?: Role | null;
  token: ApiTokenRequest;
}
export interface ApiTokenRequest {
  name: string;
  scopes: Scope[];
  room_ids?: number[] | null;
  expires_at?: string | null;
}
export interface MadeBot {
  user_id: number;
  username: string;
  token: MadeApiToken;
}
export interface MadeApiToken {
  token: string;
  id: string;
  name: string;
  scopes: Scope[];
  room_ids?: number[];
  created_at: string;
  expires_at?: string;
  last_used_at?: string;
}
export interface OwnBot {
  user_id: number;
  username: string;
  scopes: Scope[];
  room_ids?: number[];
}
export interface Cursor {
  name: string;
  epoch: string;
  positions: CursorPosition[];
}
export interface CursorPosition {
  room_id: number;
  seq: number;
  updated_at: string;
}
export interface CursorRequest {
  positions: CursorMoveRequest[];
}
export interface CursorMoveRequest {
  room_id: number;
  seq: number;
}
export interface HookRequest {
  name: string;
}
export interface HookPayload {
  text?: string | null;
  blocks?: unknown[] | null;
  attachments?: unknown[] | null;
}
export interface OutgoingHook {
  id: number;
  user_id: number;
  url: string;
  kinds: string[] | null;
  room_ids: number[] | null;
  created_at: string;
  paused_at?: string;
  is_gone: boolean;
  failing_rooms: number;
  parked_rooms: number;
}
export interface OutgoingHookRequest {
  user_id: number;
  url: string;
  kinds?: string[] | null;
  room_ids?: number[] | null;
}
export interface OutgoingHookSecret {
  hook: OutgoingHook;
  secret: string;
}
export interface OutgoingHookChangeRequest {
  url?: string | null;
  kinds?: string[] | null;
  room_ids?: number[] | null;
  is_paused?: boolean | null;
}
export interface ReplayRequest {
  room_id?: number | null;
  after_seq?: number | null;
}
export interface FailingRoom {
  room_id: number;
  seq: number;
  failures: number;
  retry_at?: string;
}
export interface Delivery {
  id: number;
  room_id: number;
  seq: number;
  event_id: number;
  kind: string;
  attempted_at: string;
  duration_ms: number;
  status?: number;
  failure?: string;
}
export interface AccountPage {
  users: Account[];
  next_after: number | null;
}
export interface AccountRequest {
  username: string;
  email?: string | null;
  password?: string | null;
  display_name?: string | null;
  external_subject?: string | null;
  metadata?: Metadata | null;
}
export interface UserChangeRequest {
  role?: Role | null;
  is_active?: boolean | null;
  metadata?: Metadata | null;
}
export interface Session {
  id: string;
  created_at: string;
  expires_at: string;
}
export interface Revoked {
  revoked: number;
}
export interface PasswordReset {
  token: string;
  expires_at: string;
}
export interface AuditPage {
  entries: AuditEntry[];
  next_before: number | null;
}
export interface AuditEntry {
  id: number;
  timestamp: string;
  actor: string;
  via: ViaDto;
  action: string;
  target: string;
  detail: {
    [k: string]: unknown;
  };
}
export interface AdminRoomPage {
  rooms: AdminRoom[];
  next_after: number | null;
}
export interface AnnouncementRequest {
  content: string;
  client_id?: string | null;
  metadata?: Metadata | null;
}
export interface Announced {
  message?: Message;
}
export interface Health {
  status: string;
  version: string;
}
