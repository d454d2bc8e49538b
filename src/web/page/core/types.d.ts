// The shapes that the page works with, for the type checker. Not part of the page.

import type {
  Frame,
  MemberChangedFrame,
  MemberJoinedFrame,
  MemberLeftFrame,
  MembershipFrame,
  MessageDeletedFrame,
  MessageEditedFrame,
  MessageFrame,
  Room,
  RoomCard,
  RoomChangedFrame,
  RoomDeletedFrame,
  RoomLeftFrame,
  UnsubscribedFrame,
} from "./shapes.js";

export type * from "./shapes.js";

export type Presence = "online" | "away" | "offline";
export interface UserCard {
  id: number;
  username: string;
  display_name?: string | null;
  title?: string;
  timezone?: string;
  status?: { text?: string; emoji?: string; until?: string };
  presence: Presence;
  last_seen_at?: string;
  is_active: boolean;
}
/** An event of a room's log that changes its members. */
export type MemberLogEvent = MemberJoinedFrame | MemberLeftFrame | MemberChangedFrame;
/** An event of a room's log that is told in a line between the messages. */
export type RoomLogEvent = MemberLogEvent | RoomChangedFrame;
/** The kind and the rules of a room. */
export type RoomRules = Pick<Room, "kind" | "posting" | "inviting" | "history" | "auto_join">;

/** A room as the list of rooms has it, or as the frame about its creation has it. */
export type RoomInfo = RoomCard &
  Partial<
    Pick<Room, "read_seq" | "unread" | "mentions" | "membership" | "member_count" | "people">
  >;

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
