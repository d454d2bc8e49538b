// A client of the chat server, for browsers and for Node.

export { ApiError } from "./errors.js";
export { AFTER_CLOSE } from "./connection.js";
export { Api } from "./api.js";
export { MessageWindow } from "./message-window.js";
export { ChatClient, connect, signIn } from "./client/client.js";
export { ChatRoom } from "./client/room.js";
export { memoryStorage, webStorage } from "./client/storage.js";
