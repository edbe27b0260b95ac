import { z } from 'zod'
import { LEVELS } from '../../governance/hierarchy/attribution.ts'
import { isPermission } from '../../governance/roles/permissions.ts'
import { LIMITS } from '../../lib/limits.ts'
import { parseUsd } from '../../lib/money.ts'

/** Fields that many resources have. Each schema reads the wire and is what the document shows. */
const ID_CHARS = 200

export const id = z.string().min(1).max(ID_CHARS)
/** Names are judged by governance; here only their size is. */
export const name = z
  .string()
  .min(1)
  .max(LIMITS.nameChars * 4)
export const version = z
  .int()
  .min(0)
  .optional()
  .describe('The version that you have seen; another one is 409.')
export const versionOnly = z.strictObject({ version })

export const place = z
  .strictObject({
    level: z.enum(LEVELS),
    id: z
      .string()
      .min(1)
      .max(ID_CHARS * 2),
  })
  .describe('Where it hangs: an organisation, a unit, a principal, a wallet, a key, or a run.')

export const usd = z
  .string()
  .refine((text) => parseUsd(text) !== undefined, 'must be USD as a decimal string, such as "12.50"')
  .transform((text) => parseUsd(text) ?? 0n)

export const time = z
  .string()
  .refine((text) => Number.isFinite(Date.parse(text)), 'must be a time such as 2027-01-31T00:00:00Z')
  .transform((text) => Date.parse(text))

export const permission = z
  .string()
  .refine(isPermission, 'must be a permission: GET /admin/v1/permissions lists them')

/** What every list takes. */
const PAGE = {
  limit: z.coerce.number().int().min(1).max(LIMITS.listEntries).optional(),
  after: id.optional().describe('The last_id of the page before.'),
  before: id.optional().describe('The first_id of the page after.'),
  order: z.enum(['asc', 'desc']).optional().describe('By when it was made; desc where absent.'),
  organization: id.optional().describe('For the operator: one organisation; all where absent.'),
  archived: z.enum(['true', 'false']).optional().describe('Archived ones as well.'),
}

/** The query of a list, with the names of its filters. */
export const pageQuery = (filters: readonly string[]) =>
  z.strictObject({ ...PAGE, ...Object.fromEntries(filters.map((one) => [one, id.optional()])) })

export const isoTime = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString()
