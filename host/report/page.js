// Plays the motions that a page carries. Places and coordinates are in the data; here they only get moved.
'use strict';

function play(film, data) {
    const button = film.querySelector('button'), slider = film.querySelector('input');
    const choice = film.querySelector('select'), clock = film.querySelector('output');
    const slowed = Number(film.dataset.slowed), rest = 0.8;  // s that the end stays before it begins again
    const stage = new Stage(film.querySelector('.stage'), data);
    const panels = [...film.querySelectorAll('.panel')].map((box, i) => new Panel(box, data.coordinates[i], i));
    let motion, time, playing, last, rested, next;

    function choose() {
        motion = data.motions[choice.selectedIndex];
        slider.max = motion.t.at(-1);
        for (const panel of panels) panel.choose(motion);
        show(0);
    }

    function show(t) {
        const end = motion.t.at(-1);
        time = Math.min(Math.max(t, 0), end);
        slider.value = time;
        slider.setAttribute('aria-valuetext', time.toFixed(2) + ' s');
        clock.textContent = `${time.toFixed(2)} s of ${end.toFixed(2)} s`;
        const at = place(motion.t, time);
        stage.show(motion, at);
        for (const panel of panels) panel.show(motion, at, time / end);
    }

    function set(on) {
        playing = on;
        last = undefined;
        rested = rest;  // at the end, playing starts anew at once
        button.textContent = on ? 'Pause' : 'Play';
        cancelAnimationFrame(next);
        if (on) next = requestAnimationFrame(frame);
    }

    function frame(now) {
        if (last !== undefined) {
            const passed = Math.min(now - last, 100) / 1000;  // a tab that was hidden does not jump
            if (time < motion.t.at(-1)) {
                rested = 0;
                show(time + passed / slowed);
            } else if ((rested += passed) > rest) {
                show(0);
            }
        }
        last = now;
        next = requestAnimationFrame(frame);
    }

    button.addEventListener('click', () => set(!playing));
    choice.addEventListener('change', choose);
    slider.addEventListener('input', () => { set(false); show(Number(slider.value)); });
    film.addEventListener('keydown', event => {
        const steps = {ArrowLeft: -1, ArrowRight: 1};
        if (event.target === choice) return;
        if (event.key === ' ' && event.target !== button) set(!playing);
        else if (event.key in steps) { set(false); show(time + steps[event.key] * motion.t.at(-1) / 100); }
        else return;
        event.preventDefault();
    });
    choose();
    set(!matchMedia('(prefers-reduced-motion: reduce)').matches);
}

// where `time` lies between two instants
function place(instants, time) {
    let low = 0, high = instants.length - 1;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (instants[middle] <= time) low = middle; else high = middle;
    }
    return {k: low, share: (time - instants[low]) / (instants[high] - instants[low]), instants: instants.length};
}

// a value at that place; null where the model has none
function value(values, at) {
    const a = values[at.k], b = values[at.k + 1];
    return a === null || b === null ? null : a + at.share * (b - a);
}

function add(parent, name, attributes) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    return parent.appendChild(element);
}

const pathOf = points => 'M' + points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L');

// the bodies, what links them, and the trails behind them
class Stage {
    constructor(svg, data) {
        const [left, right, bottom, top] = data.frame, width = 520;
        this.scale = width / (right - left);
        this.point = (x, y) => [(x - left) * this.scale, (top - y) * this.scale];
        this.link = data.link;
        this.anchor = data.anchor && this.point(...data.anchor);
        svg.setAttribute('viewBox', `0 0 ${width} ${((top - bottom) * this.scale).toFixed(1)}`);
        const bodies = data.motions[0].truth.x.length;
        this.actors = ['truth', 'model'].map(name => {
            const group = add(svg, 'g', {class: name});
            return {
                name, group,
                trails: Array.from({length: bodies}, () => Array.from({length: Stage.chunks}, (_, i) =>
                    add(group, 'path', {class: 'trail', opacity: ((i + 1) / Stage.chunks) ** 1.5}))),
                link: add(group, 'path', {class: `link ${data.link}`}),
                bobs: Array.from({length: bodies}, () =>
                    add(group, 'circle', {class: 'bob', r: name === 'truth' ? 13 : 8})),
            };
        });
        if (this.anchor) add(svg, 'circle', {class: 'pivot', cx: this.anchor[0], cy: this.anchor[1], r: 4});
    }

    show(motion, at) {
        for (const actor of this.actors) {
            const path = motion[actor.name];
            const now = path.x.map((_, i) => [value(path.x[i], at), value(path.y[i], at)]);
            const there = now.every(([x, y]) => x !== null && y !== null);
            actor.group.style.display = there ? '' : 'none';
            if (!there) continue;
            const points = now.map(([x, y]) => this.point(x, y));
            points.forEach(([x, y], i) => {
                actor.bobs[i].setAttribute('cx', x.toFixed(2));
                actor.bobs[i].setAttribute('cy', y.toFixed(2));
                this.trail(actor.trails[i], path.x[i], path.y[i], at, [x, y]);
            });
            if (this.link === 'rod') actor.link.setAttribute('d', pathOf([this.anchor, ...points]));
            if (this.link === 'spring') actor.link.setAttribute('d', pathOf(spring(this.anchor, points[0])));
        }
    }

    // the last third of the whole, in pieces that fade
    trail(pieces, x, y, at, tip) {
        const length = Math.max(Stage.chunks, Math.round(at.instants / 3)), step = length / Stage.chunks;
        pieces.forEach((piece, i) => {
            const from = Math.max(0, Math.round(at.k - length + i * step));
            const to = Math.round(at.k - length + (i + 1) * step);
            const points = [];
            for (let k = from; k <= to; k++) points.push(this.point(x[k], y[k]));
            if (i === pieces.length - 1) points.push(tip);
            piece.setAttribute('d', points.length > 1 ? pathOf(points) : 'M0,0');
        });
    }
}
Stage.chunks = 16;

// a zigzag between two points, straight at its ends
function spring([ax, ay], [bx, by]) {
    const length = Math.hypot(bx - ax, by - ay) || 1, turns = 12, wide = 9;
    const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
    const at = (share, side) => [ax + share * (bx - ax) - side * wide * uy, ay + share * (by - ay) + side * wide * ux];
    const zigzag = Array.from({length: 2 * turns}, (_, i) => at(0.12 + 0.76 * (i + 0.5) / (2 * turns), i % 2 ? 1 : -1));
    return [[ax, ay], at(0.12, 0), ...zigzag, at(0.88, 0), [bx, by]];
}

// a coordinate over time, with its values of the moment
class Panel {
    constructor(box, coordinate, row) {
        this.row = row;
        this.unit = coordinate.unit;
        const [truth, model, error] = ['.truth', '.model', '.error'].map(name => box.querySelector(name));
        this.text = {truth, model, error};
        const svg = box.querySelector('svg');
        this.truth = add(svg, 'path', {class: 'truth'});
        this.model = add(svg, 'path', {class: 'model'});
        this.cursor = add(svg, 'path', {class: 'cursor'});
    }

    // the truth fills the panel; a model that runs away leaves it
    choose(motion) {
        const truth = motion.truth.q[this.row], end = motion.t.at(-1);
        const low = Math.min(...truth), span = Math.max(...truth) - low || 1;
        const draw = values => {
            let d = '', pen = 'M';
            values.forEach((q, k) => {
                if (q === null) { pen = 'M'; return; }
                const y = Math.min(Math.max(85 - 70 * (q - low) / span, -1000), 1000);
                d += `${pen}${(100 * motion.t[k] / end).toFixed(2)},${y.toFixed(2)}`;
                pen = 'L';
            });
            return d || 'M0,0';
        };
        this.truth.setAttribute('d', draw(truth));
        this.model.setAttribute('d', draw(motion.model.q[this.row]));
    }

    show(motion, at, share) {
        const truth = value(motion.truth.q[this.row], at), model = value(motion.model.q[this.row], at);
        const text = x => x === null ? 'not finite' : x.toPrecision(3);
        this.text.truth.textContent = text(truth);
        this.text.model.textContent = text(model);
        const error = model === null ? '' : `error ${Math.abs(model - truth).toPrecision(2)} ${this.unit}`;
        this.text.error.textContent = error;
        this.cursor.setAttribute('d', `M${(100 * share).toFixed(2)},0V100`);
    }
}

const film = document.getElementById('film');
if (film) play(film, JSON.parse(film.querySelector('script').textContent));
