/** The environment variables that every HTTP function's kit needs; a service adds its own beside them. */
export const KIT_VARIABLES = ['ACCESS_TABLE', 'KIT_SECRET_ID', 'STATE_TABLE', 'PUBLIC_ORIGIN'] as const
