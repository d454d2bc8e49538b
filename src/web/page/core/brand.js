// The server's name. It is in the index, so that it is known before anything is shown.

const meta = document.querySelector("meta[name=application-name]");

export const serverName = meta?.getAttribute("content") || "chatapp";
