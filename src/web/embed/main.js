// `<chatapp-room>`: a room of the chat in a page of another site. src/web/embed.rs joins this file and all that it
// imports to one file, which is served at `/embed.js`.

import { ChatappRoom } from "./element.js";

// A page may load the script twice.
if (!customElements.get("chatapp-room")) customElements.define("chatapp-room", ChatappRoom);
