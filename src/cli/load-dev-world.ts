/**
 * The laptop's world lives in a clone alone: it compiles contracts, some of them from packages whose bytecode we do not ship.
 *
 * @throws Error that says so, from the published package.
 */
export async function loadDevWorld() {
  try {
    return await import('../dev/start-dev-world.ts')
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw error
    throw new Error(
      'dev and demo run from a clone of the repository: the package ships no contracts. To serve, see turnpike serve --help.',
      { cause: error },
    )
  }
}

/** Whose keys `turnpike dev` works with: play money's, the same everywhere. */
export async function loadDevAccounts() {
  const { devKeys } = await import('../dev/dev-keys.ts')
  return devKeys()
}
