// The shapes that the page works with, for the type checker. Not part of the page.

import type {
  Frame as ListedFrame,
  MessageDeletedFrame,
  MessageEditedFrame,
  MessageFrame,
  Room,
  RoomCard,
  RoomDeletedFrame,
  UnsubscribedFrame,
} from "./shapes.js";

export type * from "./shapes.js";

export interface Person {
  user_id: number;
  username: string;
  display_name?: string;
}
export type RoomRole = "member" | "moderator" | "owner";
export interface RoomRules {
  kind: "public" | "private" | "direct";
  posting: "everyone" | "moderators";
  inviting: "everyone" | "moderators";
  history: "all" | "joined";
  auto_join: boolean;
}
export interface Membership {
  role: RoomRole;
  joined_at: string;
  joined_seq: number;
  muted_until?: string;
  notify: "all" | "mentions" | "none";
  is_starred: boolean;
  is_hidden: boolean;
}
export interface Member extends Person {
  role: RoomRole;
  joined_at: string;
  muted_until?: string;
}
export interface Ban {
  user_id: number;
  username: string;
  banned_by: number;
  created_at: string;
  reason: string | null;
  until: string | null;
}
export type Presence = "online" | "away" | "offline";
export interface UserCard {
  id: number;
  username: string;
  display_name?: string;
  title?: string;
  timezone?: string;
  status?: { text?: string; emoji?: string; until?: string };
  presence: Presence;
  last_seen_at?: string;
  is_active: boolean;
}
export interface Invite {
  id: number;
  token?: string;
  room_id?: number;
  role?: "member" | "moderator";
  created_by: number;
  invited_by: { username: string; display_name?: string };
  uses_allowed?: number;
  completed: number;
  created_at: string;
  expires_at?: string;
}
export interface InvitePreview {
  kind: "room" | "server";
  room?: { name: string; description?: string | null; member_count: number };
  invited_by: { username: string; display_name?: string };
  expires_at?: string;
}
export type LeftCause = "left" | "removed" | "banned" | "private";
interface MemberEvent extends Person {
  id: number;
  room_id: number;
  seq: number;
  timestamp: string;
  members: Person[];
  reason?: string;
  until?: string;
}
/** An event of a room's log that changes its members. */
export type MemberLogEvent =
  | (MemberEvent & { type: "member_joined"; role: RoomRole })
  | (MemberEvent & { type: "member_left"; cause: "left" | "removed" | "banned" | "deleted" })
  | (MemberEvent & {
      type: "member_changed";
      role?: RoomRole;
      muted_until?: string;
      is_banned?: boolean;
    });
export interface RoomLeftFrame {
  type: "room_left";
  room_id: number;
  cause: LeftCause;
}

export interface MembershipFrame {
  type: "membership";
  room_id: number;
}
export type Frame = ListedFrame | MemberLogEvent | MembershipFrame | RoomLeftFrame;

/** A room as the list of rooms has it, or as the frame about its creation has it. */
export type RoomInfo = RoomCard &
  Partial<Pick<Room, "read_seq" | "unread" | "mentions">> &
  Partial<RoomRules> & { membership?: Membership; member_count?: number; people?: Person[] };

/** An event of a room's log that changes its messages. */
export type MessageLogEvent = MessageFrame | MessageEditedFrame | MessageDeletedFrame;

/** A frame about a room that the page has. */
export type RoomFrame = Exclude<
  Extract<Frame, { room_id: number }>,
  RoomDeletedFrame | UnsubscribedFrame | MembershipFrame | RoomLeftFrame
>;

/** A message that is not in the room's log yet. */
export interface Pending {
  client_id: string;
  room_id: number;
  content: string;
  at: string;
  state: "sending" | "failed" | "sent";
  /** Known once the message is acknowledged. */
  seq?: number;
  /** Why the message was refused: the server's code, and a text for the reader. */
  code?: string;
  reason?: string;
}
