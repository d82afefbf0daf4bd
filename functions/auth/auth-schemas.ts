/** Of what the API of this service takes and gives, what its subjects share. Pure. */
import * as z from 'zod'
import { pageParameters } from '#core/pagination.ts'
import { PERMISSIONS, ROLES } from '#core/permissions.ts'

export const time = z.iso.datetime()
export const role = z.enum(ROLES)
export const permission = z.enum(PERMISSIONS)

/** Of a rotation: for how long what is replaced works on. */
export const overlapSeconds = z.int().min(0).max(604_800).default(86_400)

export const idParams = z.object({
  id: z.string().meta({ description: 'The id.', example: 'usr_01KAK2V5B8Y3QK4M6T9X0ZCEGH' }),
})
export const listQuery = z.object(pageParameters)
