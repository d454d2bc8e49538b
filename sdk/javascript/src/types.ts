// The interfaces between the modules, and to the programs that use them. Not code: browsers do not load it.

import type { FollowedRoom } from "./followed-room.js";
import type {
  ActiveUsersFrame,
  Frame,
  MessageDeletedFrame,
  MessageEditedFrame,
  MessageFrame,
  MessagePinnedFrame,
  MessageUnpinnedFrame,
  ReactionAddedFrame,
  ReactionRemovedFrame,
  ReplyFrame,
  User,
  UserJoinedFrame,
  UserLeftFrame,
} from "./shapes.js";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
export interface ApiOptions {
  /** The server's address. */
  url: string | URL;
  /** The token of the session, if there is one. */
  token?: () => string | null | undefined;
  /** The server does not take the session's token any more. */
  ended?: (detail: string) => void;
  /** In place of the global one. */
  fetch?: typeof fetch;
}
export interface CallOptions {
  /** In place of the session's; empty: the call has none. */
  token?: string;
  /** The call is completed even if the page is left. */
  keepalive?: boolean;
}
export interface FieldError {
  field: string;
  message: string;
}
/** What a client keeps of a login. Times are in ms since 1970, by this machine's clock. */
export interface KeptSession {
  token: string;
  user: User;
  renewedAt: number;
  endsAt: number;
}

/** "lost": it will be tried again; "ended": it will not. */
export type ConnectionState = "connecting" | "live" | "lost" | "ended";
export interface StateDetails {
  /** The time of the next attempt (ms since 1970), while the state is "lost". */
  nextAttempt: number;
  /** Why there is no further attempt, while it is "ended". */
  reason: string;
}
export type Received = Exclude<Frame, { type: "auth.expiring" }>;
/**
 * What a socket is opened with: the address, and the protocols; outside browsers, options with headers are possible in
 * place of the protocols.
 */
export type Handshake = [url: URL, protocols?: string[] | { headers: Record<string, string> }];
/** A class like the WebSocket of browsers. */
export type SocketClass = new (url: URL, protocols?: any) => any;
/** What is used of such a class. */
export interface Socket {
  readyState: number;
  send(text: string): void;
  close(): void;
  onopen: () => void;
  onmessage: (event: { data: string }) => void;
  onclose: (event: { code: number; reason: string }) => void;
  onerror: () => void;
}
export interface ConnectionOptions {
  /** What a socket is opened with; null: there is no session, and no socket is opened. */
  handshake: () => Handshake | Promise<Handshake> | null;
  listener: ConnectionListener;
  /** In place of the global one. */
  WebSocket?: SocketClass;
}
export interface ConnectionListener {
  changed(state: ConnectionState, details: StateDetails): void;
  received(frame: Received): void;
  /** The token expires soon: send a new one with `auth.refresh`. */
  expiring(): void;
  /** The database is another one, and every position is void. */
  forgotten(): void;
  /** The session has ended. */
  signedOut(): void;
  /** So many attempts have failed one after the other. */
  failed?(attempts: number): void;
}

/** What a message may have beside its text. */
export interface Extras {
  /** The thread that it is a reply in. */
  thread_id?: number;
  /** Whether the room shows the reply too. */
  also_to_room?: boolean;
  /** The id of the message that it quotes. */
  quote_of?: number;
}
/** A message that is not in the room's log yet. */
export interface Pending extends Extras {
  client_id: string;
  room_id: number;
  content: string;
  at: string;
  /** Messages are sent in this order. */
  order?: number;
  /** "sent": it is acknowledged, and comes with the log. */
  state: "sending" | "failed" | "sent";
  /** Known once the message is acknowledged. */
  seq?: number;
  /** Why the message was refused: the server's code, and its words. */
  code?: string | undefined;
  reason?: string | undefined;
}
/** Where messages are kept: a map of texts. */
export interface TextStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** The keys that begin with a text. */
  keys(prefix: string): string[];
}
export interface OutboxOptions {
  storage: TextStorage;
  /** The beginning of the keys in the storage: another one for each user. */
  prefix: string;
  /** Why the server would refuse a text. */
  check(content: string): string | undefined;
  /** The messages of a room that are not in the log yet are other ones. */
  changed(roomId: number): void;
  /** A message was refused. */
  failed?(pending: Pending): void;
  /** A message is in the log. */
  stored?(pending: Pending, seq: number): void;
  /** The server does not take a message yet; empty: it did. */
  delayed?(roomId: number, reason: string): void;
}

export interface SyncOptions<Room extends FollowedRoom> {
  connection: Omit<ConnectionOptions, "listener">;
  outbox: OutboxOptions;
  /** The rooms of the client, by their ids. */
  rooms(): Map<number, Room>;
  /** Whose messages the outbox sends. */
  userId(): number;
  listener: SyncListener<Room>;
  /** A room that missed more events than this starts anew rather than catching up. */
  farBehind?: number | undefined;
}
export interface SyncListener<Room> extends Pick<
  ConnectionListener,
  "changed" | "expiring" | "signedOut" | "failed"
> {
  /** A frame that is new, about one of the rooms or about none. */
  received(frame: Received, room: Room | undefined): void;
  /** The database is another one, and the rooms begin anew. */
  forgotten(): void;
}

export type PeopleFrame = ActiveUsersFrame | UserJoinedFrame | UserLeftFrame;
/** An event of a room's log about its messages. */
export type MessageEvent =
  | MessageFrame
  | ReplyFrame
  | MessageEditedFrame
  | MessageDeletedFrame
  | ReactionAddedFrame
  | ReactionRemovedFrame
  | MessagePinnedFrame
  | MessageUnpinnedFrame;
/** The part of a window that is being loaded. */
export type Part = "all" | "older" | "newer";
