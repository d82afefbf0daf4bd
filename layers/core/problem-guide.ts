/**
 * What each problem code means to a caller and what to do about it: the text of `/docs/problems` and of the OpenAPI
 * document. A new code in problem.ts does not compile without its entry here.
 */
import type { ProblemCode } from './problem.ts'

export interface ProblemGuide {
  /** What happened, in a sentence or two. */
  readonly meaning: string
  /** What the caller can do now. */
  readonly remedy: string
  /** A `detail` as it can come. */
  readonly example: string
}

export const PROBLEM_GUIDE: Readonly<Record<ProblemCode, ProblemGuide>> = {
  malformed_json: {
    meaning: 'The body could not be parsed as JSON.',
    remedy: 'Send one JSON value in UTF-8, and check quoting in the shell when the request was typed by hand.',
    example: 'expected a JSON body, got "{url: …"',
  },
  malformed_form: {
    meaning: 'The body could not be parsed as the fields of a form.',
    remedy: 'Send name=value pairs in UTF-8, percent-encoded and joined by &.',
    example: 'expected form fields in UTF-8, got bytes that are not UTF-8',
  },
  validation_failed: {
    meaning: 'A part of the request does not match its schema. Every fault is listed in errors with a pointer to it.',
    remedy: 'Mend what errors points at: a path into the body, or /query/…, /path/…, /header/….',
    example: 'expected a valid request, got 1 fault',
  },
  invalid_cursor: {
    meaning: 'The cursor was changed, is from another list or other filters, or was never given out.',
    remedy: 'Start the list again without a cursor and follow nextCursor unchanged.',
    example: 'expected a cursor from this list, got another text',
  },
  query_invalid: {
    meaning: 'The SQL is not one SELECT over datasets of the workspace, or DuckDB can not make sense of it.',
    remedy: 'Mend what errors says about /sql. GET /api/etl/datasets lists the tables and their columns.',
    example: 'expected a SELECT statement',
  },
  webhook_unverified: {
    meaning:
      'The message is not signed with a secret of the source, or its timestamp is more than five minutes away from ours. Which of these is not told.',
    remedy: 'Compare the signing secret with that of the sender, sign the bytes that are sent, and check the clock.',
    example: 'expected a signature of this source, of the last five minutes',
  },
  unauthenticated: {
    meaning: 'There is no API key on the request, or none that is known and valid. Which of these is not told.',
    remedy: 'Send the header Authorization: Bearer bk_… with a key of your workspace.',
    example: 'expected a valid API key in the Authorization header',
  },
  permission_denied: {
    meaning: 'The key is valid, but neither its role nor its scopes hold the permission of this route.',
    remedy: 'Use a key with the permission that the API reference names beside the route.',
    example: 'expected a key with the permission links:write',
  },
  cross_site_request: {
    meaning:
      'A caller that is known by its cookie asked for a change, and the browser did not say that a page of ours asked.',
    remedy: 'Send the header Origin with the origin of this site, or use an API key instead of the cookie.',
    example: 'expected a request from a page of this site, with its Origin header',
  },
  role_above_yours: {
    meaning: 'Roles can be given, and members and invitations changed, up to the role of the caller.',
    remedy: 'Choose a lower role, or ask somebody with the higher one.',
    example: 'expected a role up to admin, got owner',
  },
  not_found: {
    meaning: 'No object of your workspace has this id. An object of another workspace looks the same.',
    remedy: 'Check the id, and that the key belongs to the workspace of the object.',
    example: 'expected an existing link, got lnk_01KA4W2Q7T3Z9M8F5B6C1D0E2R',
  },
  route_not_found: {
    meaning: 'No route has this path.',
    remedy: 'Compare the path with the API reference: every path starts with /api/ and the name of its service.',
    example: 'expected a path of this API, got /api/links/lists',
  },
  method_not_allowed: {
    meaning: 'The path exists, but not with this method. The Allow header lists the methods that it has.',
    remedy: 'Use one of the methods in the Allow header.',
    example: 'expected GET or POST, got PUT',
  },
  slug_taken: {
    meaning: 'Another link already has this slug. Slugs are unique over all workspaces.',
    remedy: 'Choose another slug, or leave it out to be given a free one.',
    example: 'expected a free slug, got docs',
  },
  dataset_exists: {
    meaning: 'The workspace has a dataset of this name, or Backlot has one for every workspace.',
    remedy: 'Choose another name, or change the dataset with PUT.',
    example: 'expected a new name, orders is in use',
  },
  dataset_built_in: {
    meaning: 'Backlot declares this dataset and lands its files.',
    remedy: 'Declare a dataset of your own under another name.',
    example: "expected a dataset of yours, clicks is Backlot's",
  },
  last_owner: {
    meaning: 'The member is the only owner of the workspace, which must keep one.',
    remedy: 'Make somebody else an owner first.',
    example: 'expected the workspace to keep an owner, this is the last one',
  },
  idempotency_in_progress: {
    meaning: 'The first request with this Idempotency-Key has not been answered yet.',
    remedy: 'Wait for Retry-After and send the same request again: the answer of the first one is then replayed.',
    example: 'expected the first request to be done, it is still running',
  },
  conflict: {
    meaning: 'Two requests changed the object at the same moment and the other one won. Nothing of yours was stored.',
    remedy: 'Read the object again and repeat the change.',
    example: 'expected nobody else to change the link, got another write',
  },
  task_state: {
    meaning: 'What was asked for is not possible in the state that the task is in.',
    remedy:
      'Read the task: its status says what is possible. A dead or cancelled one is redriven, a waiting one retried.',
    example: 'expected one that is dead or cancelled, got one that is running',
  },
  schedule_state: {
    meaning: 'What was asked for is not possible in the state that the schedule is in.',
    remedy:
      'Read the schedule: a paused one is resumed, an active one paused; one that has ended gets a new expression.',
    example: 'expected one that is paused, got one that is active',
  },
  run_state: {
    meaning: 'What was asked for is not possible in the state that the run is in.',
    remedy:
      'Read the run: rows of a published one can be corrected once. Of a rejected one nothing was published: land the whole file again.',
    example: 'expected a run that is published, got one that is rejected: land the whole file',
  },
  schedule_limit: {
    meaning: 'The workspace has as many schedules as one workspace may have.',
    remedy: 'Delete schedules that have ended or that nobody needs.',
    example: 'expected at most 10000 schedules in a workspace',
  },
  webhook_limit: {
    meaning: 'The workspace has as many webhook sources, or webhook endpoints, as one workspace may have.',
    remedy: 'Delete those that nobody needs: one endpoint can hear of any number of event types.',
    example: 'expected at most 16 webhook endpoints in a workspace',
  },
  payment_state: {
    meaning: 'What was asked for is not possible in the state that the payment, refund or delivery is in.',
    remedy: 'Read the object: its status says what is possible.',
    example: 'expected a refund that is pending, got one that is failed',
  },
  link_gone: {
    meaning: 'The short link existed and was deleted. Its slug is not given out again.',
    remedy: 'Ask whoever published the link for its new address.',
    example: 'expected a live link, got one that was deleted',
  },
  precondition_failed: {
    meaning: 'If-Match names a version of the object that is no longer the current one.',
    remedy: 'Read the object again, decide on its new state, and repeat with its new ETag.',
    example: 'expected the version 3, got 2',
  },
  body_too_large: {
    meaning: 'The body has more bytes than the API takes.',
    remedy: 'Send less in one request.',
    example: 'expected at most 262144 bytes, got 262145',
  },
  unsupported_media_type: {
    meaning: 'The content type of the body is not one that the route reads.',
    remedy: 'Send the header Content-Type: application/json.',
    example: 'expected application/json, got text/plain',
  },
  idempotency_key_reused: {
    meaning: 'The Idempotency-Key belongs to an earlier request whose method, path or body was different.',
    remedy:
      'Use a new key for a new request, and the same key only to repeat the very same request. Keys are kept for 24 hours.',
    example: 'expected the request that the key was first used for, got another',
  },
  query_limit_exceeded: {
    meaning: 'The query took too long, needed too much memory, or would read too many bytes.',
    remedy:
      'Ask for less: a condition on a partition or key column leaves files out, LIMIT and fewer columns save memory.',
    example: 'expected the query to end within 20 seconds',
  },
  rate_limited: {
    meaning: 'The caller sent more requests than its limit allows in the current window.',
    remedy:
      'Wait for Retry-After. The headers RateLimit and RateLimit-Policy say how much is left and how much there is.',
    example: 'expected at most 60 writes a minute',
  },
  internal_error: {
    meaning: 'A fault of ours. It is logged under the request id in instance.',
    remedy: 'Try again with the same Idempotency-Key. If it stays, report the request id.',
    example: 'something unexpected happened; it is logged under this request id',
  },
  dependency_unavailable: {
    meaning:
      'A service that this request needs was throttled, too slow or not reachable. Nothing may have been stored.',
    remedy: 'Wait for Retry-After and try again with the same Idempotency-Key.',
    example: 'expected DynamoDB to answer, it is throttled',
  },
}
