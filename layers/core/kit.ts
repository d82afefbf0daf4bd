/** The composition: everything that a service's API function needs, built once at cold start. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type AccessStore, accessStore } from './access.store.ts'
import { cached } from './cached.ts'
import type { Clock } from './clock.ts'
import { type Cursors, createCursors } from './cursor.ts'
import { documentClient } from './document-client.store.ts'
import { CLIENT_LIMITS } from './dynamo.ts'
import { apiKeyGate, type Gate } from './gate.ts'
import type { HttpKit } from './http.ts'
import { idempotencyStore } from './idempotency.store.ts'
import { idempotency } from './idempotency.ts'
import { createIds, type Ids } from './ids.ts'
import type { KitEnvironment } from './kit-environment.ts'
import { kitSecret } from './kit-secret.store.ts'
import type { KitSecret } from './kit-secret.ts'
import type { WriteLine } from './log.ts'
import type { Random } from './random.ts'
import { rateLimitStore } from './rate-limit.store.ts'
import { type Limit, type LimitClass, rateLimiter } from './rate-limit.ts'
import { tokenGate } from './token-gate.ts'

export interface KitOptions {
  readonly clock: Clock
  readonly random: Random
  /** Origins beside `PUBLIC_ORIGIN` whose scripts may call the API. */
  readonly origins?: readonly string[]
  /** Replaces single defaults of `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Record<LimitClass, Limit>>
  readonly dynamo?: DynamoDBDocumentClient
  readonly secrets?: SecretsManagerClient
  readonly writeLog?: WriteLine
}

/** For `httpHandler`, and the parts that services use themselves. */
export interface Kit extends HttpKit {
  readonly access: NonNullable<HttpKit['access']>
  readonly dynamo: DynamoDBDocumentClient
  readonly ids: Ids
  readonly cursors: Cursors
  readonly secret: KitSecret
  readonly accessStore: AccessStore
  readonly publicOrigin: string
}

export function createKit(environment: KitEnvironment, options: KitOptions): Kit {
  const { clock, random, origins = [], limits, writeLog } = options
  const dynamo = options.dynamo ?? documentClient()
  const secret = kitSecret(options.secrets ?? new SecretsManagerClient(CLIENT_LIMITS), environment.KIT_SECRET_ID)
  const access = accessStore(dynamo, environment.ACCESS_TABLE)
  return {
    clock,
    random,
    dynamo,
    ids: createIds(clock, random),
    cursors: createCursors(() => secret.key('cursor')),
    secret,
    accessStore: access,
    publicOrigin: environment.PUBLIC_ORIGIN,
    origins: [environment.PUBLIC_ORIGIN, ...origins],
    access: {
      gate: gateOf(access, () => secret.key('api-key'), environment.PUBLIC_ORIGIN, clock),
      limiter: rateLimiter({
        store: rateLimitStore(dynamo, environment.STATE_TABLE),
        clock,
        ...(limits !== undefined && { limits }),
      }),
      idempotency: idempotency(idempotencyStore(dynamo, environment.STATE_TABLE), clock),
    },
    ...(writeLog !== undefined && { writeLog }),
  }
}

/** API keys and access tokens, from the one table. */
function gateOf(access: AccessStore, hmacKey: () => Promise<Uint8Array>, issuer: string, clock: Clock): Gate {
  const tokens = tokenGate({
    issuer,
    issuerKeys: () => access.issuerKeys(),
    findMember: cached((workspaceId: string, userId: string) => access.findMember(workspaceId, userId), clock),
    findClient: cached((id: string) => access.findClient(id), clock),
    clock,
  })
  return apiKeyGate({ findApiKey: (id) => access.findApiKey(id), hmacKey, clock, tokens })
}
