"""English words for titles: a small bundled vocabulary, and made-up words beyond it."""

from __future__ import annotations

from functools import cache
from typing import Final

_BUNDLED: Final = {
    "travel": "beach, mountain trail, night train, old town, hostel, road trip, island, temple, "
    "market street, sunrise, camping, ferry, lake view, backpack, budget trip, hot spring, "
    "desert, harbour, guesthouse, castle, waterfall, airport lounge, city walk, map, visa, "
    "itinerary, national park, lighthouse, vineyard, snow village",
    "food": "noodles, dumplings, hot pot, breakfast, dessert, street food, soup, grilled fish, "
    "curry, brunch, rice bowl, spicy tofu, pancake, seafood, bakery, ramen, barbecue, tasting "
    "menu, food court, ice cream, fried chicken, salad, sandwich, steamed buns, pizza, tacos, "
    "tea house, dim sum, burger, night market",
    "skincare": "sunscreen, serum, cleanser, face mask, dry skin, oily skin, acne, toner, retinol, "
    "night cream, vitamin C, sensitive skin, eye cream, exfoliation, lip balm, moisturiser, "
    "redness, pores, hand cream, morning routine, niacinamide, barrier repair, sheet mask, "
    "body lotion, patch test, ceramides, travel sizes, dark spots, hydration, spray",
    "makeup": "lipstick, foundation, eyeliner, blush, brows, mascara, palette, contour, primer, "
    "highlighter, concealer, nude look, smoky eyes, setting powder, lip gloss, everyday look, "
    "lashes, brush set, evening look, colour test, glitter, drugstore finds, bridal look, "
    "lip liner, five-minute face, swatches, cushion, bronzer, freckles, remover",
    "fashion": "linen shirt, denim, sneakers, trench coat, knitwear, capsule wardrobe, tote bag, "
    "summer dress, boots, layering, vintage jacket, office outfit, scarf, wide trousers, belt, "
    "petite styling, thrift haul, silver jewellery, cardigan, skirt, sunglasses, loafers, "
    "colour matching, hat, rain outfit, winter coat, blazer, stripes, watch, wedding guest",
    "home": "small kitchen, bookshelf, lighting, balcony, storage boxes, rug, sofa, desk corner, "
    "curtains, renovation, wall colour, bedroom, laundry, houseplants, entryway, coffee corner, "
    "cleaning day, rented flat, wardrobe, dining table, bathroom, mirror, bedding, kettle, "
    "before and after, open shelves, floor plan, candles, tool box, pantry",
    "fitness": "morning run, yoga, dumbbells, stretching, swimming, squats, home workout, pilates, "
    "cycling, marathon, core training, rest day, climbing, skipping rope, protein, posture, "
    "gym bag, back pain, beginner plan, warm-up, kettlebell, push-ups, trail run, rowing, "
    "heart rate, mobility, badminton, tennis, hiking shoes, training log",
    "pets": "kitten, puppy, cat food, dog walk, rabbit, vet visit, litter box, grooming, parrot, "
    "training treats, rescue cat, aquarium, hamster, old dog, cat tree, shedding, leash, "
    "first bath, goldfish, pet camera, turtle, adoption day, teeth cleaning, corgi, ragdoll, "
    "chew toys, separation, carrier, senior cat, nap time",
    "parenting": "picture books, lunch box, bedtime, toddler, newborn, stroller, playground, "
    "potty training, first steps, school bag, birthday party, screen time, weaning, nursery, "
    "siblings, crafts, swimming class, tantrums, car seat, baby clothes, homework, science kit, "
    "puzzles, family trip, sleep schedule, finger food, kindergarten, building blocks, "
    "maternity bag, bath toys",
    "photography": "film camera, portrait, golden hour, street shots, lens, editing, tripod, "
    "black and white, phone photos, night sky, composition, backlight, prime lens, presets, "
    "long exposure, macro, studio light, contact sheet, self-portrait, rainy day, drone, "
    "reflections, colour grading, wide angle, flash, museum shots, silhouettes, flat lay, "
    "darkroom, photo walk",
    "technology": "laptop, keyboard, headphones, phone case, tablet notes, smart home, battery, "
    "monitor, router, power bank, e-reader, shortcuts, desk setup, speakers, smartwatch, "
    "cable tidy, backup drive, camera phone, mini PC, printer, noise cancelling, charger, "
    "note-taking app, stylus, second-hand phone, robot vacuum, game console, webcam, projector, "
    "password manager",
    "gardening": "tomatoes, roses, seedlings, succulents, compost, herbs, window box, pruning, "
    "orchid, raised bed, hydrangea, watering, monstera, bulbs, strawberries, soil mix, ferns, "
    "aphids, greenhouse, lavender, repotting, mint, peppers, cuttings, sunflower, ivy, basil, "
    "bonsai, lemon tree, wild flowers",
    "reading": "short stories, mystery novel, library haul, poetry, biography, book club, history, "
    "science fiction, reading journal, essays, comics, classics, second-hand books, translation, "
    "bookmarks, fantasy, audiobook, memoir, reading list, annotated copy, detective, philosophy, "
    "travel writing, bookshop, picture atlas, slow reading, letters, economics, nature writing, "
    "book swap",
    "study": "exam plan, vocabulary, flashcards, mind map, thesis, library seat, revision, "
    "note template, language exchange, online course, scholarship, listening practice, maths, "
    "timetable, group project, essay outline, internship, interview, reading speed, campus, "
    "morning study, pomodoro, past papers, coding course, presentation, grammar, study abroad, "
    "stationery, dictation, reference letters",
    "career": "resume, first job, promotion, remote work, side project, meeting notes, career "
    "change, salary talk, portfolio, mentor, office lunch, commuting, burnout, networking, "
    "freelancing, team lead, probation, time tracking, spreadsheet, annual review, resignation, "
    "job offer, work bag, public speaking, small shop, invoice, feedback, night shift, "
    "business trip, onboarding",
    "crafts": "crochet, watercolour, pottery, embroidery, origami, candle making, sewing machine, "
    "woodwork, scrapbook, knitting, calligraphy, resin, beads, leather, stamps, macrame, "
    "paper flowers, quilting, clay, dyeing, weaving, sketchbook, lino print, wreath, miniature, "
    "felt, soap, bookbinding, patchwork, model kit",
    "music": "guitar, piano, vinyl, concert, playlist, songwriting, drums, choir, violin, "
    "festival, headphone test, ukulele, jazz bar, karaoke, practice log, bass line, music theory, "
    "cover song, synthesizer, opera, record shop, home studio, sheet music, folk songs, setlist, "
    "cello, street musician, lyrics, metronome, flute",
    "film": "short film, documentary, animation, thriller, cinema, film festival, series finale, "
    "soundtrack, classic movie, director, costume, weekend watchlist, screenplay, comedy, trailer, "
    "set design, road movie, horror night, film score, subtitles, period drama, anime, cameo, "
    "long take, open-air screening, heist, family film, courtroom, remake, box office",
    "cars": "electric car, road test, camper van, charging stop, tyres, second-hand car, parking, "
    "car wash, dashboard, driving lesson, hatchback, roof rack, winter tyres, oil change, "
    "convertible, insurance, child seat, mountain road, hybrid, scooter, long drive, bike rack, "
    "seat covers, navigation, engine noise, dash cam, wagon, trunk tidy, classic car, detailing",
    "coffee": "espresso, pour-over, latte art, beans, grinder, cold brew, cafe hopping, moka pot, "
    "milk foam, filter paper, tasting notes, roastery, iced latte, home bar, decaf, french press, "
    "light roast, croissant, barista class, drip bag, matcha, coffee cup, oat milk, aeropress, "
    "corner cafe, brew ratio, tiramisu, kettle temperature, flat white, afternoon break",
}
_SYLLABLES: Final = ("ba", "del", "fi", "go", "lum", "mer", "nor", "pa", "ri", "sol", "tan", "vi")


def category_name(category: int) -> str:
    """Return the name of a category: a bundled one first, made up from syllables after those."""
    names = tuple(_BUNDLED)
    return names[category] if category < len(names) else _made_up(category)


@cache
def category_words(category: int, n: int) -> tuple[str, ...]:
    """Return n different keywords of a category.

    Args:
        category: index of the category.
        n: keywords of each category in this world.
    """
    name = category_name(category)
    words = tuple(_BUNDLED[name].split(", ")) if name in _BUNDLED else ()
    extra = (f"{_made_up(k)} {name}" for k in range(n - len(words)))
    return (*words[:n], *extra)


def _made_up(number: int) -> str:
    """Spell a number in syllables, least significant first, at least two of them."""
    base = len(_SYLLABLES)
    word = _SYLLABLES[number % base] + _SYLLABLES[number // base % base]
    rest = number // base**2
    while rest:
        word += _SYLLABLES[rest % base]
        rest //= base
    return word
