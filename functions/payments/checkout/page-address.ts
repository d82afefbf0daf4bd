/**
 * Addresses of hosted pages. What a page is about stands in its address, signed, so that a visitor needs no account and
 * nobody can make up another one: `/pay/<token>`, `/pay/authenticate/<token>`.
 */
import { createCursors } from '#core/cursor.ts'
import { Problem } from '#core/problem.ts'
import type { Random } from '#core/random.ts'

export interface SessionPage {
  readonly workspaceId: string
  readonly sessionId: string
}

export interface AuthenticationPage {
  readonly workspaceId: string
  readonly intentId: string
}

export interface PageAddresses {
  ofSession(page: SessionPage): Promise<string>
  /** Another one each time: the answer to one question of the bank is none to the next. */
  ofAuthentication(page: AuthenticationPage): Promise<string>
  /** Undefined for a token that we never gave out. */
  session(token: string): Promise<SessionPage | undefined>
  authentication(token: string): Promise<AuthenticationPage | undefined>
}

const SESSION = ['checkout', 'session']
const AUTHENTICATION = ['checkout', 'authentication']
/** Tells two questions about one intent apart. */
const NONCE_BYTES = 6

export const PAY_PATH = '/pay'
export const AUTHENTICATE_PATH = '/pay/authenticate'

/** @param key derived for the purpose `checkout` @param origin scheme and host that users see */
export function pageAddresses(key: () => Promise<Uint8Array>, random: Random, origin: string): PageAddresses {
  const cursors = createCursors(key)
  const opened = async (scope: readonly string[], token: string) => {
    try {
      return await cursors.open(scope, token)
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }
  return {
    async ofSession({ workspaceId, sessionId }) {
      return `${origin}${PAY_PATH}/${await cursors.seal(SESSION, { w: workspaceId, s: sessionId })}`
    },
    async ofAuthentication({ workspaceId, intentId }) {
      const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url')
      return `${origin}${AUTHENTICATE_PATH}/${await cursors.seal(AUTHENTICATION, { w: workspaceId, i: intentId, n: nonce })}`
    },
    async session(token) {
      const position = await opened(SESSION, token)
      return position && { workspaceId: String(position['w']), sessionId: String(position['s']) }
    },
    async authentication(token) {
      const position = await opened(AUTHENTICATION, token)
      return position && { workspaceId: String(position['w']), intentId: String(position['i']) }
    },
  }
}
