/** Values as JSON has them (RFC 8259): what users pass on without our knowing their shape. */
import * as z from 'zod'

export type Json = z.core.util.JSONType

/** What came through the JSON parser. Not `z.json()`, whose schema contains itself, which few readers of OpenAPI can show. */
export const parsedJson = z.unknown() as z.ZodType<unknown> as z.ZodType<Json>
