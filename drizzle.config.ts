import { defineConfig } from 'drizzle-kit'

/** `drizzle-kit generate` works offline; what it cannot express is in the migrations written by hand. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './src/storage/schema/*.ts',
  out: './migrations',
})
