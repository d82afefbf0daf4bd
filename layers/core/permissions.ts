/**
 * Who may do what. A permission is `<subject>:<verb>`; a role is a set of permissions; an API key holds a role,
 * narrowed by its scopes. Pure: knows neither requests nor storage.
 */
export const PERMISSIONS = [
  'links:read',
  'links:write',
  'tasks:read',
  'tasks:write',
  'tasks:manage',
  'etl:read',
  'etl:write',
  'schedules:read',
  'schedules:write',
  'payments:read',
  'payments:write',
  'workspace:read',
  'workspace:write',
  'members:read',
  'members:write',
  'keys:read',
  'keys:write',
  'clients:read',
  'clients:write',
] as const
export type Permission = (typeof PERMISSIONS)[number]

export const ROLES = ['owner', 'admin', 'member', 'viewer'] as const
export type Role = (typeof ROLES)[number]

const VIEWER: readonly Permission[] = [
  'links:read',
  'tasks:read',
  'schedules:read',
  'etl:read',
  'payments:read',
  'workspace:read',
  'members:read',
]
const MEMBER: readonly Permission[] = [
  ...VIEWER,
  'links:write',
  'tasks:write',
  'schedules:write',
  'etl:write',
  'payments:write',
]
/** Everything but what only those may do who answer for the workspace. */
const ADMIN: readonly Permission[] = PERMISSIONS.filter((permission) => permission !== 'workspace:write')

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: ADMIN,
  member: MEMBER,
  viewer: VIEWER,
}

/** Somebody who is signed in, before it is said in which workspace they act. */
export interface Person {
  readonly userId: string
  readonly email: string
  readonly sessionId: string
}

/** The authenticated caller. It acts in exactly one workspace. */
export interface Principal {
  readonly kind: 'api_key' | 'session' | 'access_token'
  /** Of the key, the session or the token's client: public, safe to log. */
  readonly id: string
  /** The person who acts; undefined for a key and a client that act for their workspace. */
  readonly userId?: string
  readonly workspaceId: string
  readonly role: Role
  /** When present, only these of the role's permissions hold. */
  readonly scopes?: readonly Permission[]
}

export const isAllowed = (principal: Principal, permission: Permission): boolean =>
  ROLE_PERMISSIONS[principal.role].includes(permission) &&
  (principal.scopes === undefined || principal.scopes.includes(permission))

/** The permissions that hold for the caller: those of the role, narrowed by the scopes. */
export const permissionsOf = (principal: {
  readonly role: Role
  readonly scopes?: readonly Permission[] | undefined
}): readonly Permission[] =>
  ROLE_PERMISSIONS[principal.role].filter((permission) => principal.scopes?.includes(permission) ?? true)

/** Nobody gives away more than they have: a role may be granted by those of the same role or a higher one. */
export const mayGrant = (granter: Role, granted: Role): boolean => ROLES.indexOf(granter) <= ROLES.indexOf(granted)
