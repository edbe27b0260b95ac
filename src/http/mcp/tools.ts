import type { Tool } from './tool.ts'
import { chat } from './tools/chat.ts'
import { getBalance } from './tools/get-balance.ts'
import { getReceipt } from './tools/get-receipt.ts'
import { listModels } from './tools/list-models.ts'
import { quote } from './tools/quote.ts'

/** A new tool is a file and a line here. */
export const TOOLS: readonly Tool[] = [listModels, quote, chat, getReceipt, getBalance]
