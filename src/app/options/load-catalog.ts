import { readFileSync, statSync } from 'node:fs'
import { addToCatalog } from '../../catalog/additions.ts'
import { buildCatalog } from '../../catalog/build-catalog.ts'
import { ENDPOINTS, MODELS } from '../../catalog/models.ts'
import { simulateCatalog } from '../../catalog/simulated.ts'
import type { Catalog } from '../../catalog/types.ts'
import { ConfigError } from '../../config/read-config.ts'
import { readOperatorCatalog } from '../../config/operator-catalog.ts'
import type { Asset } from '../../payment/types.ts'
import type { OperatorQuality } from '../../routing/quality/types.ts'

const VARIABLE = 'TURNPIKE_CATALOG_FILE'

/**
 * The catalogue with the operator's file laid over it, as it is sold or as dev shows it.
 *
 * @throws ConfigError naming every place of the file that is wrong, and what is allowed there.
 */
export function loadCatalog({ simulated, path }: { simulated: boolean; path: string | undefined }): Catalog {
  const real = { models: MODELS, endpoints: ENDPOINTS }
  if (path === undefined) return buildCatalog(simulated ? simulateCatalog(real) : real)
  const { text, date } = readWithDate(path)
  const read = readOperatorCatalog(text)
  if ('problems' in read) throw problemsIn(path, read.problems)
  const { problems, aliases, ...parts } = addToCatalog({ parts: real, additions: read.additions, date })
  if (problems.length > 0) throw problemsIn(path, problems)
  return buildCatalog({ ...(simulated ? simulateCatalog(parts) : parts), aliases })
}

function readWithDate(path: string): { text: string; date: string } {
  try {
    return { text: readFileSync(path, 'utf8'), date: statSync(path).mtime.toISOString().slice(0, 10) }
  } catch {
    throw new ConfigError([`${VARIABLE}: ${path} cannot be read.`])
  }
}

/**
 * The tokens of the operator's file.
 *
 * @throws ConfigError as loadCatalog does.
 */
export function loadTokens({ path }: { path: string | undefined }): readonly Asset[] {
  if (path === undefined) return []
  const read = readOperatorCatalog(readWithDate(path).text)
  if ('problems' in read) throw problemsIn(path, read.problems)
  return read.additions.tokens
}

/**
 * What the operator's file says of models' quality.
 *
 * @throws ConfigError as loadCatalog does.
 */
export function loadQualities({
  path,
}: {
  path: string | undefined
}): Readonly<Record<string, OperatorQuality>> {
  if (path === undefined) return {}
  const read = readOperatorCatalog(readWithDate(path).text)
  if ('problems' in read) throw problemsIn(path, read.problems)
  return read.additions.qualities
}

const problemsIn = (path: string, problems: readonly string[]) =>
  new ConfigError(problems.map((problem) => `${VARIABLE} (${path}): ${problem}`))
