import type { Command } from 'commander'

/** What a command was given. */
export type Given = {
  /** Its arguments in order. */
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, string | undefined>>
  /** Whether an option without a value was given. */
  readonly has: (name: string) => boolean
  readonly json: boolean
}

/** @returns the exit code, 0 where nothing is said. */
export type Verb = (given: Given) => Promise<number | undefined>

/**
 * Adds one verb to a command. Its code is loaded when it runs.
 *
 * @param usage name and arguments, e.g. `create <name>`.
 */
export function addVerb({
  to,
  usage,
  tells,
  options = [],
  load,
}: {
  to: Command
  usage: string
  tells: string
  /** Flags with their sentences. */
  options?: readonly (readonly [flags: string, tells: string])[]
  load: () => Promise<Verb>
}): void {
  const command = to.command(usage).description(tells)
  for (const [flags, sentence] of options)
    if (flags.startsWith('!')) command.requiredOption(flags.slice(1), sentence)
    else command.option(flags, sentence)
  command.option('--json', 'print JSON')
  command.action(async () => {
    const given: Record<string, unknown> = command.optsWithGlobals()
    const texts = Object.entries(given).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    const verb = await load()
    process.exitCode =
      (await verb({
        args: command.args,
        options: Object.fromEntries(texts),
        has: (name) => given[name] === true,
        json: given['json'] === true,
      })) ?? 0
  })
}
