// The page is served by `tomograd serve` under a policy of default-src 'self': nothing is inlined, not even small pictures.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const noCodec = fileURLToPath(new URL('src/lib/no_codec.ts', import.meta.url))

export default defineConfig({
  base: './',
  resolve: { alias: { 'numcodecs/blosc': noCodec, 'numcodecs/zstd': noCodec, 'numcodecs/lz4': noCodec } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200, // Niivue, fetched only where a small volume is shown
  },
  server: { proxy: { '/api': process.env.TOMOGRAD_SERVER ?? 'http://127.0.0.1:8080' } },
})
