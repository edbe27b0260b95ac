import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

/** A unit with those below it. */
export type FileUnit = { readonly name: string; readonly units?: readonly FileUnit[] | undefined }

const name = z
  .string()
  .min(1)
  .transform((text) => text.normalize('NFC').trim())
const unit: z.ZodType<FileUnit> = z.lazy(() => z.strictObject({ name, units: z.array(unit).optional() }))
/** Numbers of a file are read as what they say: `limit: 100` is 100. */
const amount = z.union([z.string(), z.number().int().min(0)]).transform(String)
const at = z.string().describe('organization, unit:NAME, principal:NAME, wallet:ADDRESS')
const role = z.union([z.string(), z.strictObject({ role: z.string(), unit: z.string() })])

const principal = z.strictObject({
  name,
  kind: z.enum(['user', 'service']).optional(),
  wallet: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address')
    .transform((text) => text.toLowerCase())
    .optional(),
  unit: z.string().optional(),
  roles: z.array(role).optional(),
})

const budget = z.strictObject({
  at,
  metric: z.enum(['usd', 'tokens', 'requests']).default('usd'),
  window: z.string().default('month'),
  applies: z.enum(['shared', 'each']).default('shared'),
  limit: amount,
  mode: z.enum(['hard', 'soft', 'observe']).optional(),
  time_zone: z.string().optional(),
  thresholds_percent: z.array(z.int()).optional(),
  overrides: z.array(z.strictObject({ limit: amount, from: z.string(), until: z.string() })).optional(),
})

const FILE = z.strictObject({
  organization: name,
  time_zone: z.string().optional(),
  level_names: z.array(name).optional(),
  units: z.array(unit).optional(),
  principals: z.array(principal).optional(),
  policies: z.array(z.strictObject({ at, rules: z.record(z.string(), z.unknown()) })).optional(),
  budgets: z.array(budget).optional(),
  rates: z
    .array(
      z.strictObject({ at, metric: z.enum(['requests', 'tokens', 'concurrent']), limit: z.int().min(1) }),
    )
    .optional(),
  webhooks: z
    .array(
      z.strictObject({ name, url: z.string(), event_types: z.array(z.string()).nullable().default(null) }),
    )
    .optional(),
})

export type ApplyFile = z.output<typeof FILE>

/** @throws Error with every fault of the file and where it is. */
export function readApplyFile(path: string): ApplyFile {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8')
  let value: unknown
  try {
    // Every JSON is YAML.
    value = parse(text)
  } catch (error) {
    throw new Error(`${path} is neither YAML nor JSON: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    })
  }
  const read = FILE.safeParse(value)
  if (read.success) return read.data
  const faults = read.error.issues.map(
    ({ path: at, message }) => `  ${at.map(String).join('.') || 'file'}: ${message}`,
  )
  throw new Error(`${path} does not say what it should:\n${faults.join('\n')}`)
}

/** Units of a file by their names from the root's children down, those above first. */
export function unitsOfFile(units: readonly FileUnit[] = [], above = ''): readonly string[] {
  return units.flatMap((one) => {
    const path = above === '' ? one.name : `${above}/${one.name}`
    return [path, ...unitsOfFile(one.units, path)]
  })
}
