/**
 * The environment variables of the function kit. A service's `environment.ts` spreads them into its own list, so
 * that the construct sets exactly what `createKit` reads.
 *
 * - `ACCESS_TABLE`: workspaces and API keys, shared by every service (`access.store.ts`).
 * - `KIT_SECRET_ID`: id of the secret from which the kit derives its keys (`kit-secret.store.ts`).
 * - `STATE_TABLE`: the service's own table; the kit keeps idempotency records and rate-limit windows in it under `kit#…`.
 * - `PUBLIC_ORIGIN`: scheme and host that users see, as `https://backlot.example`; browsers on it may call the API.
 */
export const KIT_VARIABLES = ['ACCESS_TABLE', 'KIT_SECRET_ID', 'STATE_TABLE', 'PUBLIC_ORIGIN'] as const

export type KitEnvironment = Readonly<Record<(typeof KIT_VARIABLES)[number], string>>
