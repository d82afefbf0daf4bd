/**
 * Who may do what. A permission is `<service>:<verb>`; a role is a set of permissions; an API key holds a role,
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
] as const
export type Permission = (typeof PERMISSIONS)[number]

export const ROLES = ['owner', 'admin', 'member', 'viewer'] as const
export type Role = (typeof ROLES)[number]

const VIEWER: readonly Permission[] = ['links:read', 'tasks:read', 'schedules:read', 'etl:read']
const MEMBER: readonly Permission[] = [...VIEWER, 'links:write', 'tasks:write', 'schedules:write', 'etl:write']

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: PERMISSIONS,
  member: MEMBER,
  viewer: VIEWER,
}

/** The authenticated caller. It acts in exactly one workspace. */
export interface Principal {
  readonly kind: 'api_key'
  /** The key's public id part, safe to log. */
  readonly id: string
  readonly workspaceId: string
  readonly role: Role
  /** When present, only these of the role's permissions hold. */
  readonly scopes?: readonly Permission[]
}

export const isAllowed = (principal: Principal, permission: Permission): boolean =>
  ROLE_PERMISSIONS[principal.role].includes(permission) &&
  (principal.scopes === undefined || principal.scopes.includes(permission))
