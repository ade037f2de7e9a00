"""Every tile of 256 pixels of a slide's finest level as an RGB array, from a slide opened anew. usage: tiles.py SLIDE THREADS"""
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
import openslide

path, threads = sys.argv[1], int(sys.argv[2])
times = []
for _ in range(4):
    begin = time.perf_counter()
    slide = openslide.OpenSlide(path)
    width, height = slide.dimensions
    corners = [(x, y) for y in range(0, height - 255, 256) for x in range(0, width - 255, 256)]
    tiles = numpy.empty((len(corners), 256, 256, 3), numpy.uint8)

    def read(i):
        tiles[i] = numpy.asarray(slide.read_region(corners[i], 0, (256, 256)).convert("RGB"))

    if threads == 1:
        for i in range(len(corners)):
            read(i)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, range(len(corners))))
    times.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(times[1:])[1]}))
