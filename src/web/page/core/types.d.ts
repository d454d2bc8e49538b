// The shapes of the API that the page uses, for the type checker. Not part of the page.

export interface User {
  id: number;
  username: string;
  email: string;
  role: "user" | "admin";
  is_active: boolean;
  created_at: string;
}

/** A user as admins see it. `sessions`: how many are live. */
export interface Account extends User {
  sessions: number;
}

export interface RoomInfo {
  id: number;
  name: string;
  description: string | null;
  created_by: number;
  created_at: string;
  head_seq: number;
  active_users: number;
  read_seq?: number;
  /** Messages of others after `read_seq`, up to `head_seq`; not of a room that was never read. */
  unread?: number;
  mentions?: number;
  revision: number;
  archived_at?: string | null;
}

/** A message, for those who only count it. */
export interface Activity extends Person {
  seq: number;
  mentions?: string[];
}

export interface Message {
  id: number;
  content: string;
  username: string;
  user_id: number;
  timestamp: string;
  room_id: number;
  seq: number;
  client_id?: string;
  edited_at?: string;
  deleted_at?: string;
}

export interface MessagePage {
  messages: Message[];
  has_older: boolean;
  has_newer: boolean;
  next_before: number | null;
  next_after: number | null;
  head_seq: number;
}

export interface Person {
  user_id: number;
  username: string;
}

export interface Login {
  access_token: string;
  expires_in: number;
  user: User;
}

/** `/admin/stats`; null: it cannot be known now. */
export interface Stats {
  version: string;
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
  storage_errors: number;
  memory_bytes: number | null;
  cpu_seconds: number | null;
  open_files: number | null;
}

/** What the server says on the socket. Which fields there are depends on `type`: /asyncapi.json. */
export interface Frame extends Message, Person {
  type: string;
  ref?: string;
  message_id: number;
  message_seq: number;
  users: Person[];
  count: number;
  head_seq: number;
  epoch: string;
  code: string;
  detail: string;
  retry_after?: number;
  duplicate: boolean;
  name: string;
  description: string | null;
  archived_at?: string | null;
  revision: number;
  room: RoomInfo;
  messages: Activity[];
  deleted?: number[];
  truncated?: boolean;
}

/** A message that is not in the room's log yet. */
export interface Pending {
  client_id: string;
  room_id: number;
  content: string;
  at: string;
  state: "sending" | "failed" | "sent";
  /** Once it is acknowledged. */
  seq?: number;
  /** Why it was refused: the server's code, and words. */
  code?: string;
  reason?: string;
}
