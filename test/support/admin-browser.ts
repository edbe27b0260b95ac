import type { Answered } from './admin-world.ts'

type Json = Record<string, unknown>

/** As much of a browser as signing in needs: it keeps cookies, says where its page is from, and its page sends the session's token. */
export function openBrowser({
  url,
  origin = new URL(url).origin,
  cookie = '',
}: {
  url: string
  origin?: string
  cookie?: string
}) {
  const jar = new Map<string, string>()
  const keep = (pair: string) => {
    const [name = '', value = ''] = pair.split('=', 2)
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  if (cookie !== '') keep(cookie)
  let csrf = ''
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  async function go(
    address: string | URL,
    { headers, ...given }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(address, {
      redirect: 'manual',
      ...given,
      headers: { ...(jar.size > 0 ? { cookie: cookies() } : {}), ...headers },
    })
    for (const line of response.headers.getSetCookie()) keep(line.split(';', 1)[0] ?? '')
    return response
  }

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> {
    const usual = { ...(method === 'GET' ? {} : { origin }), 'x-csrf-token': csrf, ...headers }
    const response = await go(`${url}${path}`, {
      method,
      headers: Object.fromEntries(Object.entries(usual).filter(([, value]) => value !== '')),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const read = isJson ? (JSON.parse(text) as Json) : {}
    if (typeof read['csrf_token'] === 'string') csrf = read['csrf_token']
    return { status: response.status, headers: response.headers, text, body: read }
  }

  return { go, send, csrf: () => csrf, cookie: cookies }
}
