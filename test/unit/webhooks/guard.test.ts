import { expect, test } from 'vitest'
import { guard, isReachable, parseTarget } from '../../../src/webhooks/guard.ts'

const look = (url: string, { isDev = false, addresses = ['93.184.215.14'] } = {}) =>
  guard({ url, isDev, resolve: async () => addresses })
const refusalOf = async (...given: Parameters<typeof look>) => {
  const target = await look(...given)
  return 'refusal' in target ? target.refusal : 'taken'
}

test.each([
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['100.100.100.200', 'a cloud’s metadata in it'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.169.254', 'link-local: metadata of clouds'],
  ['168.63.129.16', 'metadata of a cloud in a public range'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.1', 'reserved'],
  ['192.0.2.1', 'documentation'],
  ['192.31.196.1', 'AS112'],
  ['192.52.193.1', 'AMT'],
  ['192.88.99.1', '6to4 relays'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'benchmarking'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'IPv4 in its deprecated form'],
  ['::ffff:127.0.0.1', 'IPv4 in IPv6'],
  ['::ffff:93.184.215.14', 'IPv4 in IPv6, even a public one'],
  ['::ffff:0:127.0.0.1', 'IPv4 translated'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b:1::7f00:1', 'local NAT64'],
  ['100::1', 'discard'],
  ['2001::1', 'Teredo'],
  ['2001:2::1', 'benchmarking'],
  ['2001:3::1', 'AMT'],
  ['2001:4:112::1', 'AS112'],
  ['2001:10::1', 'ORCHID'],
  ['2001:20::1', 'ORCHID 2'],
  ['2001:30::1', 'drones'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4'],
  ['2620:4f:8000::1', 'AS112'],
  ['3fff::1', 'documentation'],
  ['4000::1', 'given to nobody'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'unique local: metadata of a cloud'],
  ['fe80::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['no address', 'nonsense'],
])('%s is never sent to (%s), named or written out', async (address) => {
  expect(isReachable({ address, isDev: false })).toBe(false)
  expect(await refusalOf('https://hook.example', { addresses: [address] })).toBe('address_refused')
  // One bad address among good ones: the connection might take it.
  const mixed = { addresses: ['93.184.215.14', address, '2606:2800:21f:cb07:6820:80da:af6b:8b2c'] }
  expect(await refusalOf('https://hook.example', mixed)).toBe('address_refused')
  const host = address.includes(':') ? `[${address}]` : address
  if (address !== 'no address') expect(await refusalOf(`https://${host}/`)).toBe('address_refused')
})

test.each([
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://127.1/',
  'https://127.0.0.1./',
  'https://①②⑦.⓪.⓪.①/',
  'https://[::ffff:7f00:1]/',
  'https://[0:0:0:0:0:0:0:1]:8443/',
])('%s is this machine, however it is written', async (url) => {
  expect(await refusalOf(url)).toBe('address_refused')
})

test.each([
  ['http://hook.example/', 'no TLS'],
  ['https://hook.example:444/', 'another port'],
  ['https://hook.example:22/', 'another port'],
  ['https://ann:secret@hook.example/', 'password'],
  ['https://ann@hook.example/', 'user name'],
  ['https://hook.example/#part', 'fragment'],
  ['ftp://hook.example/', 'another scheme'],
  ['file:///etc/passwd', 'a file'],
  ['data:text/plain,hello', 'no host'],
  ['//hook.example/', 'no scheme'],
  ['not a url', 'no URL'],
  ['', 'nothing'],
  [`https://hook.example/${'a'.repeat(2_000)}`, 'too long'],
])('%s is refused for its shape (%s)', async (url) => {
  expect(parseTarget({ url, isDev: false })).toBeUndefined()
  expect(await refusalOf(url)).toBe('url_refused')
})

test('public hosts are taken with all their addresses, on the ports of TLS', async () => {
  const addresses = ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c']
  for (const url of ['https://hook.example/a?b=c', 'https://hook.example:443/', 'https://hook.example:8443/'])
    expect(await look(url, { addresses })).toMatchObject({ addresses })
  expect(await look('https://93.184.215.14/')).toMatchObject({ addresses: ['93.184.215.14'] })
  expect(await refusalOf('https://hook.example', { addresses: [] })).toBe('host_unknown')
  const failing = guard({
    url: 'https://hook.example',
    isDev: false,
    resolve: () => Promise.reject(new Error()),
  })
  expect(await failing).toEqual({ refusal: 'host_unknown' })
})

test('a laptop’s server may send to the laptop, without TLS only to it, and to no other private address', async () => {
  const isDev = true
  expect(await refusalOf('http://127.0.0.1:3000/', { isDev })).toBe('taken')
  expect(await refusalOf('http://[::1]:3000/', { isDev })).toBe('taken')
  expect(await refusalOf('http://localhost:3000/', { isDev, addresses: ['127.0.0.1', '::1'] })).toBe('taken')
  expect(await refusalOf('https://hook.example:3000/', { isDev })).toBe('taken')
  expect(await refusalOf('http://hook.example/', { isDev })).toBe('address_refused')
  expect(await refusalOf('http://hook.example/', { isDev, addresses: ['127.0.0.1', '93.184.215.14'] })).toBe(
    'address_refused',
  )
  for (const address of ['10.0.0.1', '169.254.169.254', 'fd00::1'])
    expect(await refusalOf('https://hook.example/', { isDev, addresses: [address] })).toBe('address_refused')
  expect(await refusalOf('http://ann@127.0.0.1/', { isDev })).toBe('url_refused')
})
