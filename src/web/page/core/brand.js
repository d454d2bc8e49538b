// What the server is called. It stands in the index, so that it is known before anything is shown.

const meta = document.querySelector("meta[name=application-name]");

export const serverName = meta?.getAttribute("content") || "chatapp";
