// Links that let people onto the server.

import { h } from "../core/dom.js";
import { invitesPanel } from "../views/invites.js";

export const invitesPart = () =>
  h(
    "div",
    { class: "invites-part" },
    invitesPanel("/invites/", "Whoever opens the link can create an account on this server."),
  );
