/** A link, and what it looks like from outside. Pure. */

/** How long the slug of a deleted link answers 410 and is open to its own workspace only: printed links live on. */
export const TOMBSTONE_DAYS = 30

export interface Link {
  /** `lnk_<ULID>`: sorts by the time it was made. */
  readonly id: string
  readonly workspaceId: string
  /** Normalised. Never changes. */
  readonly slug: string
  /** WHATWG serialisation. */
  readonly url: string
  /** Starts at 1, one more at each change: the ETag, and the sequence number of events. */
  readonly version: number
  /** RFC 3339, UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** Id of the API key that made it. */
  readonly createdBy: string
  /** Of the request that made the last change (W3C Trace Context): its event carries it on. */
  readonly traceparent: string
}

/** `lnk_` and a ULID. Nothing else is looked up. */
export const LINK_ID = /^lnk_[0-7][0-9A-HJKMNP-TV-Z]{25}$/

export const etagOf = (link: Link): string => String(link.version)

/** The address to share. Slugs may hold letters beyond ASCII, which are percent-encoded in a URL. */
export const shortUrl = (publicOrigin: string, slug: string): string => `${publicOrigin}/${encodeURIComponent(slug)}`
