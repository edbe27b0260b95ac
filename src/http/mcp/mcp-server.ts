import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { asTurnpikeError } from '../answer.ts'
import { GUIDANCE } from '../discovery/guidance.ts'
import { VERSION } from '../discovery/open-api.ts'
import { refusalOf } from './results.ts'
import type { Ask, Tool } from './tool.ts'
import { tellProgress, wantsProgress } from './tell-progress.ts'
import { TOOLS } from './tools.ts'

/**
 * Answers one message of MCP by the SDK. Nothing is kept between messages: a caller is who pays, not who has a session.
 *
 * @param message one JSON-RPC message, parsed.
 * @param onFault what failed inside of us while a tool ran.
 */
export async function answerMessage({
  request,
  response,
  message,
  ask,
  onFault,
}: {
  request: IncomingMessage
  response: ServerResponse
  message: unknown
  ask: Ask
  onFault: (error: unknown) => void
}): Promise<void> {
  const mcp = new McpServer(
    { name: 'turnpike', title: 'Turnpike', version: VERSION },
    { capabilities: { tools: {} }, instructions: GUIDANCE },
  )
  const { server } = mcp
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS.map(describe) }))
  server.setRequestHandler(
    CallToolRequestSchema,
    async ({ params }, { sendNotification }): Promise<CallToolResult> => {
      const tool = TOOLS.find(({ name }) => name === params.name)
      if (!tool) throw new McpError(ErrorCode.InvalidParams, `There is no tool ${params.name.slice(0, 80)}.`)
      try {
        return await tellProgress({
          token: params._meta?.progressToken,
          notify: (progress) => sendNotification({ method: 'notifications/progress', params: progress }),
          run: () => tool.run({ given: params.arguments ?? {}, meta: params._meta ?? {}, ask }),
        })
      } catch (error) {
        const known = asTurnpikeError(error)
        if (known.code === 'internal_error') onFault(known.cause)
        return refusalOf(known)
      }
    },
  )
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: !wantsProgress(message) })
  response.once('close', () => void mcp.close())
  await mcp.connect(transport)
  await transport.handleRequest(request, response, message)
}

const describe = ({ name, title, description, inputSchema, isFree }: Tool) => ({
  name,
  title,
  description,
  inputSchema: inputSchema as { type: 'object' },
  annotations: { readOnlyHint: isFree, idempotentHint: isFree, openWorldHint: !isFree },
})
