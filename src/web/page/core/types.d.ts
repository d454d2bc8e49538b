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
  MessagePinnedFrame,
  MessageUnpinnedFrame,
  OwnChangedFrame,
  ReactedFrame,
  ReactionAddedFrame,
  ReactionRemovedFrame,
  ReplyFrame,
  Room,
  RoomCard,
  RoomChangedFrame,
  RoomDeletedFrame,
  RoomLeftFrame,
  UnsubscribedFrame,
} from "../sdk/javascript/src/shapes.js";

export type * from "../sdk/javascript/src/shapes.js";
export type { Pending } from "../sdk/javascript/src/types.js";

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
  is_bot?: boolean;
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
    Pick<
      Room,
      | "read_seq"
      | "unread"
      | "first_unread_seq"
      | "mentions"
      | "unread_threads"
      | "membership"
      | "member_count"
      | "people"
    >
  >;

/** An event of a room's log about a message that is there already. */
export type MessageChangeEvent =
  | MessageEditedFrame
  | MessageDeletedFrame
  | ReactionAddedFrame
  | ReactionRemovedFrame
  | MessagePinnedFrame
  | MessageUnpinnedFrame;
/** An event of a room's log that changes its messages. */
export type MessageLogEvent = MessageFrame | ReplyFrame | MessageChangeEvent;

/** A frame about a room that the page has. */
export type RoomFrame = Exclude<
  Extract<Frame, { room_id: number }>,
  | RoomDeletedFrame
  | UnsubscribedFrame
  | MembershipFrame
  | OwnChangedFrame
  | RoomLeftFrame
  | ReactedFrame
>;

/** The messages that a list shows: those of a room, or those of a thread. */
export type Line = Pick<
  import("./thread.js").Thread | import("./room.js").Room,
  "threadId" | "messages" | "readSeq" | "lastSeq" | "unreadCount" | "opensAt" | "read"
>;
