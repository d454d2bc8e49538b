// The errors of calls.

/** A call that failed: the server's problem document, or no answer at all. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string} code the stable code, as the list of error codes in /openapi.json has it
   * @param {string} detail a sentence for people
   * @param {import("./types.js").FieldError[]} [fields] what is wrong with each field of the request
   * @param {number} [retryAfter] the seconds after which to try again
   */
  constructor(status, code, detail, fields = [], retryAfter = undefined) {
    super(detail);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** Whether an error means that there is no session any more. @param {string} code */
export function isOfSession(code) {
  return ["token_missing", "token_invalid", "token_expired", "session_revoked"].includes(code);
}
