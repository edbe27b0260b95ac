import type { AppOptions } from '../options/options.ts'

/** What the doctor looks at: a server's options, and where that server would be. */
export type Subject = Pick<
  AppOptions,
  'networks' | 'keys' | 'terms' | 'providers' | 'providerKey' | 'place' | 'redisUrl' | 'publicUrl'
> & {
  /** Where the server's public listener is on this machine, if it runs; undefined where it takes any free port. */
  readonly localUrl: string | undefined
  /** Of `turnpike dev`: its chain makes a block when there is something to put in, its money is play money. */
  readonly isDev: boolean
}
