package server

// The kinds of problems. Their names are part of the API: they are added to, never changed.
var (
	badRequest = &problemKind{"bad-request", "The request cannot be read", 400,
		"The body is no JSON (or YAML, where that is taken) of the form that the route takes: it is cut off, a field stands twice, is unknown, or has capitals. The detail names the place. Mend the body; sending it again as it is gives the same answer."}
	unauthorized = &problemKind{"unauthorized", "A key is needed", 401,
		"The request has no key, or one that is unknown or revoked. Send it as “Authorization: Bearer KEY”. A key is made with “clew key add NAME --scope screen” on the machine that serves, and is shown once."}
	forbidden = &problemKind{"forbidden", "The key may not do this", 403,
		"The key is valid and its scope is not enough. Scopes are read, screen and admin; each includes those before it. Make a key with the scope that the detail names."}
	foreignPage = &problemKind{"foreign-page", "A page of somebody else asked for it", 403,
		"A browser sent the request for a page that is not this server's (its headers Origin or Sec-Fetch-Site say so). The API is for programs; call it from one."}
	foreignHost = &problemKind{"foreign-host", "Not this server's name", 421,
		"The server was started without keys, and the request names another host than this machine: a page could have led its own name here. Ask http://127.0.0.1 or http://localhost, or use keys (clew key add) and start the server with them."}
	notFound = &problemKind{"not-found", "Not found", 404,
		"There is nothing under this path or id. Ids are those that earlier answers gave; the lists (GET of the collection) have them."}
	methodNotAllowed = &problemKind{"method-not-allowed", "The method is not allowed here", 405,
		"The path exists and does not take this method. The header Allow names those that it takes."}
	requestTimeout = &problemKind{"request-timeout", "The body came too slowly", 408,
		"The body was not read whole within the time that a request has. Send it again."}
	conflict = &problemKind{"conflict", "It is not possible as things stand", 409,
		"What is asked contradicts what is there: the detail says what, and what to do first."}
	inFlight = &problemKind{"idempotency-in-flight", "The same request is being answered", 409,
		"A request with this Idempotency-Key has not been answered yet. Wait as long as Retry-After says and send it again: it then gets the first one's answer."}
	notReplayable = &problemKind{"not-replayable", "The verdict cannot be made again", 409,
		"Something that the verdict was made from is no longer there: a block left the main chain, a trace or a pack of labels was removed. The detail says exactly what. The stored bytes stay available under GET /v1/screenings/{id}."}
	tooLarge = &problemKind{"too-large", "The request is too large", 413,
		"The body has more bytes, or the batch more subjects, than is taken at once. The detail has the bound. Divide the request."}
	mediaType = &problemKind{"unsupported-media-type", "The body's form is not taken here", 415,
		"Set Content-Type to application/json; batches also take application/x-ndjson, incidents application/yaml."}
	invalidField = &problemKind{"invalid-field", "A field is not valid", 422,
		"The body can be read, and something in it cannot be: “errors” lists each field with what is wrong. Mend the fields named."}
	invalidSubject = &problemKind{"invalid-subject", "The subject cannot be screened", 422,
		"The subject names no chain that is known, an address whose checksum is wrong, a transaction id of the wrong length, or fields that do not fit its kind. The detail says which. A chain that is known and not stored is no problem: its verdict is “not covered”."}
	invalidIncident = &problemKind{"invalid-incident", "The incident cannot be read", 422,
		"The incident's file has an unknown field, a wrong type or an impossible value. The detail names line and field."}
	keyReused = &problemKind{"idempotency-key-reused", "The Idempotency-Key was used for another request", 422,
		"An Idempotency-Key belongs to one request, of one key, method, path and body. Use a new one for a new request."}
	rateLimited = &problemKind{"rate-limited", "Too many requests", 429,
		"The key has used up its rate. Wait as long as Retry-After says; the headers RateLimit and RateLimit-Policy tell how much is left. Use batches for many subjects."}
	internalError = &problemKind{"internal", "Something went wrong here", 500,
		"It is not the request's fault. The program's log names the cause under the request id. Nothing is half done: send it again with the same Idempotency-Key."}
	busy = &problemKind{"busy", "Too many requests at once", 503,
		"All places for requests in flight are taken. Wait as long as Retry-After says and send it again."}
	stopping = &problemKind{"stopping", "The server stops", 503,
		"The server was asked to stop, and finishes what it has. Send the request to it again once it is back; accepted jobs go on then."}
	notOffered = &problemKind{"not-offered", "This server does not offer that", 501,
		"The program was started without the part that this route needs. The detail says which."}
	timedOut = &problemKind{"timeout", "It took too long", 504,
		"The request was not answered within the time that one has. Ask with mode async, or with a smaller budget."}
)

// clientGone is what is counted and logged of a request that nobody waits for any more. Nobody reads it.
var clientGone = &problemKind{"client-gone", "Nobody waits for the answer", 499, ""}

// problemKinds returns all kinds, by status. Of those with one status the most general is the first.
func problemKinds() []*problemKind {
	return []*problemKind{
		badRequest, unauthorized, forbidden, foreignPage, notFound, methodNotAllowed, requestTimeout,
		conflict, inFlight, notReplayable, tooLarge, mediaType, foreignHost, invalidField, invalidSubject, invalidIncident, keyReused,
		rateLimited, internalError, notOffered, busy, stopping, timedOut,
	}
}
