/** The door of the package: a whole server as a value, for those who embed it. Agents want `turnpike/client`. */
export { type App, type AppOptions, openApp } from './app/open-app.ts'
export { type Config, ConfigError, readConfig } from './config/read-config.ts'
