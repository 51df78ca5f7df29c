import line_profiler
import shop

profiler = line_profiler.LineProfiler()
profiler(shop.price)(4)
found = profiler.get_stats().timings
print(sorted((key[1:], [(line, hits) for line, hits, _ in rows]) for key, rows in found.items()))
