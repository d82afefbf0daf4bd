/**
 * Secrets of webhooks, ours and those of others: sealed wherever they are stored, shown once. What is sealed for one owner
 * can't be opened for another, so a row that was copied is worth nothing. Pure but for `random`.
 */
import type { Random } from '#core/random.ts'
import { seal, unseal } from '#core/sealed.ts'

export interface StoredSecret {
  readonly sealed: string
  /** Its last characters, by which a person knows it again. */
  readonly hint: string
  readonly createdAt: string
  /** From then on it is not used; null for one that stays. */
  readonly expiresAt: string | null
}

export interface SecretBox {
  /** `owner` is the id of the source or endpoint. */
  seal(text: string, owner: string): Promise<string>
  /** Throws for what was sealed for somebody else. */
  open(sealed: string, owner: string): Promise<string>
}

/** `key` is derived for the purpose `webhook-secret`. */
export const createSecretBox = (key: () => Promise<Uint8Array>, random: Random): SecretBox => ({
  seal: async (text, owner) => seal(text, owner, await key(), random),
  open: async (sealed, owner) => unseal(sealed, owner, await key()),
})

const HINT_LENGTH = 4

export async function storedSecret(text: string, owner: string, box: SecretBox, now: Date): Promise<StoredSecret> {
  const sealed = await box.seal(text, owner)
  return { sealed, hint: text.slice(-HINT_LENGTH), createdAt: now.toISOString(), expiresAt: null }
}

export const isLive = ({ expiresAt }: StoredSecret, now: Date): boolean =>
  expiresAt === null || Date.parse(expiresAt) > now.getTime()

/** The specification of Standard Webhooks recommends 192 to 512 bits: 256, a whole number of blocks of the HMAC. */
const SECRET_BYTES = 32

/** `whsec_` and base64: the form of Standard Webhooks, which Stripe's libraries take as well. */
export const newSecret = (random: Random): string =>
  `whsec_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')}`

/** What a sealed text was, for those that are used often: the same text is opened once. Bounded by what is stored. */
export function remembering(box: SecretBox): SecretBox {
  const opened = new Map<string, Promise<string>>()
  return {
    ...box,
    open(sealed, owner) {
      const key = `${owner}\n${sealed}`
      const known = opened.get(key)
      if (known !== undefined) return known
      const text = box.open(sealed, owner)
      text.catch(() => opened.delete(key))
      const [oldest] = opened.keys()
      if (opened.size >= REMEMBERED_SECRETS && oldest !== undefined) opened.delete(oldest)
      opened.set(key, text)
      return text
    },
  }
}
/** About 0.5 kB each. */
const REMEMBERED_SECRETS = 1_000
